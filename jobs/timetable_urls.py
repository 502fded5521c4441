"""The URLs of schedules; acts are nouns."""

from django.urls import path

from jobs import timetable

app_name = "schedules"
urlpatterns = [
    path("", timetable.listing, name="list"),
    path("<int:pk>/", timetable.page, name="page"),
    path("<int:pk>/pauses/", timetable.pauses, name="pauses"),
    path("<int:pk>/resumptions/", timetable.resumptions, name="resumptions"),
    path("<int:pk>/runs/", timetable.runs, name="runs"),
]
