"""The URLs of the runners' page and of what is asked of them."""

from django.urls import path

from jobs import runner_views

app_name = "runners"
urlpatterns = [
    path("", runner_views.listing, name="list"),
    path("requests/", runner_views.requests, name="requests"),
]
