from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    """The back office: Django's admin on the portal's own site."""

    default_site = "portal.admin_site.sites.PortalAdminSite"

    def ready(self) -> None:
        """Without Django's groups: `relationships.roles` decides who may do what.

        Without django-otp's own pages too: they show keys.
        """
        super().ready()
        from django.contrib.admin import site
        from django.contrib.auth.models import Group
        from django_otp.plugins.otp_static.models import StaticDevice
        from django_otp.plugins.otp_totp.models import TOTPDevice

        for model in (Group, StaticDevice, TOTPDevice):
            site.unregister(model)
