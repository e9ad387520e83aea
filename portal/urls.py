from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language

from portal.foundation import health

urlpatterns = [
    path("", include("portal.signin.urls")),
    path("", include("portal.signin.openid.urls")),
    path("", include("portal.acceptance.urls")),
    path("my/", include("portal.customers.urls")),
    path("admin/", admin.site.urls),
    path("language/", set_language, name="set_language"),
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
]
