from django.urls import path

from portal.acceptance.urls import soon

urlpatterns = [
    path("", soon, name="home"),
    path("sign-in/", soon, name="sign-in"),
    path("sign-out/", soon, name="sign-out"),
]
