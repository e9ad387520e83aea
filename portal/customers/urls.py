from django.urls import path

from . import activity, inbox, requests, views

urlpatterns = [
    path("", views.my, name="my"),
    path("activity/", activity.activity, name="my-activity"),
    path("act-as/", views.act_as, name="my-act-as"),
    path("notices/", inbox.my_notices, name="my-notices"),
    path("partners/<uuid:pk>/end/", requests.ask_to_end_view, name="my-ask-to-end"),
    path("receipts/<uuid:pk>/", views.receipt, name="my-receipt"),
]
