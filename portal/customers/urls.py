from django.urls import path

from . import views

urlpatterns = [
    path("", views.my, name="my"),
    path("act-as/", views.act_as, name="my-act-as"),
    path("receipts/<uuid:pk>/", views.receipt, name="my-receipt"),
]
