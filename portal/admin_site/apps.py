from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    """The back office: Django's admin on the portal's own site."""

    default_site = "portal.admin_site.sites.PortalAdminSite"

    def ready(self) -> None:
        """Without Django's groups: `relationships.roles` decides who may do what."""
        super().ready()
        from django.contrib.admin import site
        from django.contrib.auth.models import Group

        site.unregister(Group)
