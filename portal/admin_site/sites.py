from django.contrib import admin
from django.urls import path

from portal.acceptance.urls import soon


class PortalAdminSite(admin.AdminSite):
    def get_urls(self):
        return [
            path("x/<uuid:pk>/change/", soon, name="relationships_customer_change"),
            path("y/<uuid:pk>/change/", soon, name="relationships_invitation_change"),
            *super().get_urls(),
        ]
