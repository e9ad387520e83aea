"""What a provider has just proved, until the page that asked for it takes it over.

An arrival is somebody who is signed in now and came for a page. A newcomer is of a
tenant that nobody has come from before: not signed in until its company is stated.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from portal.foundation import clock
from relationships.enums import TenantRole
from relationships.services.identities import ProvedIdentity

from .sessions import ARRIVED_FOR, NEWCOMER

PROOF_AGE = timedelta(hours=1)


def note_arrival(request: HttpRequest, path: str) -> None:
    request.session[ARRIVED_FOR] = path


def take_arrival(request: HttpRequest, path: str) -> bool:
    """Whether somebody has just signed in to come to this page; true once."""
    if request.session.get(ARRIVED_FOR) != path:
        return False
    del request.session[ARRIVED_FOR]
    return True


def note_newcomer(request: HttpRequest, proof: ProvedIdentity) -> None:
    """Whoever was signed in before is signed out: this is somebody else."""
    request.session.flush()
    keep_proof(request, NEWCOMER, proof)


def newcomer(request: HttpRequest) -> ProvedIdentity | None:
    return kept_proof(request, NEWCOMER)


def keep_proof(request: HttpRequest, name: str, proof: ProvedIdentity) -> None:
    told = {**asdict(proof), "tenant_id": str(proof.tenant_id)}
    request.session[name] = {"proof": told, "at": clock.now().isoformat()}


def kept_proof(request: HttpRequest, name: str) -> ProvedIdentity | None:
    """None when there is none, or it was proved too long ago."""
    kept = request.session.get(name)
    if not kept or clock.now() - datetime.fromisoformat(kept["at"]) > PROOF_AGE:
        return None
    told: dict[str, Any] = kept["proof"]
    role = TenantRole(told["role"]) if told["role"] else None
    return ProvedIdentity(
        **{**told, "tenant_id": UUID(told["tenant_id"]), "role": role}
    )
