"""The URLs of the pages about the ledger as a whole."""

from django.urls import path

from jobs import insight

app_name = "insight"
urlpatterns = [
    path("deliveries/", insight.deliveries, name="deliveries"),
    path("deliveries/<int:pk>/replays/", insight.replays, name="replays"),
    path("health/", insight.health, name="health"),
]
