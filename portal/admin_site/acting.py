"""For which partner to act, when a person works for several."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from portal.signin import sessions


@never_cache
@login_required
def choose_partner(request: HttpRequest, admin_site: Any) -> HttpResponse:
    """GET lists what this person may act as; POST chooses one."""
    actors = sessions.actors_of_session(request)
    if request.method == "POST":
        chosen = [actor for actor in actors if actor.key == request.POST.get("actor")]
        if chosen:
            sessions.act_as(request, chosen[0])
            return HttpResponseRedirect(_target(request, is_tenant=chosen[0].is_tenant))
    context = {
        **admin_site.each_context(request),
        "title": _("For whom do you act?"),
        "actors": actors,
        "next": request.GET.get("next", ""),
        "has_permission": False,
    }
    return TemplateResponse(request, "admin/act_as.html", context)


def _target(request: HttpRequest, *, is_tenant: bool) -> str:
    if is_tenant:
        return reverse("my")
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, {request.get_host()}):
        return target
    return reverse("admin:index")
