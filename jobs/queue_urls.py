"""The URLs of queues and of keys with limits; acts are nouns."""

from django.urls import path

from jobs import queue_views

app_name = "queues"
urlpatterns = [
    path("", queue_views.listing, name="list"),
    path("limits/", queue_views.key_limits, name="key-limits"),
    path("<str:name>/pauses/", queue_views.pauses, name="pauses"),
    path("<str:name>/resumptions/", queue_views.resumptions, name="resumptions"),
    path("<str:name>/limits/", queue_views.limits, name="limits"),
]
