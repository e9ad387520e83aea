from django.urls import path

from . import linking, views

urlpatterns = [
    path("sign-in/openid/", views.start, name="openid-start"),
    path("sign-in/openid/tenant/", views.start_for_tenant, name="openid-tenant"),
    path("sign-in/openid/callback/", views.callback, name="openid-callback"),
    path("sign-in/company/", views.company, name="openid-company"),
    path("account/openid/", linking.overview, name="openid-linked"),
    path("account/openid/link/", linking.start, name="openid-link"),
    path("account/openid/confirm/", linking.confirm, name="openid-confirm-link"),
]
