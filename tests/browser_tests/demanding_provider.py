"""The independent provider as a program, which demands PKCE as certified ones may.

`oidc_provider_mock` looks at no code challenge. The judge of it here is Authlib's own
server side (RFC 7636), which the provider is made of; a code's challenge is kept beside
the code.
"""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7636 import CodeChallenge
from oidc_provider_mock import _app
from oidc_provider_mock.__main__ import run

CHALLENGES: dict[str, str] = {}


class RequiredChallenge(CodeChallenge):
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        if grant.request.payload.data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE by S256 is required")
        super().validate_code_challenge(grant, redirect_uri)

    def get_authorization_code_challenge(self, code: Any) -> str:
        return CHALLENGES[code.code]

    def get_authorization_code_challenge_method(self, code: Any) -> str:
        return "S256"


class Grant(_app.AuthorizationCodeGrant):
    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        RequiredChallenge()(self)

    def save_authorization_code(self, code: str, request: Any) -> None:
        CHALLENGES[code] = request.payload.data["code_challenge"]
        super().save_authorization_code(code, request)


if __name__ == "__main__":
    _app.AuthorizationCodeGrant = Grant
    run()
