from django.urls import path

from portal.acceptance.urls import soon

urlpatterns = [
    path("", soon, name="my"),
    path("receipts/<uuid:pk>/", soon, name="my-receipt"),
]
