"""The URLs of projects and maps; acts are nouns."""

from django.urls import path

from projects import views

app_name = "projects"
urlpatterns = [
    path("registrations/", views.registrations, name="registrations"),
    path("projects/<slug:slug>/", views.page, name="page"),
    path("projects/<slug:slug>/repositories/<int:pk>/map/", views.system_map, name="map"),
    path("projects/<slug:slug>/repositories/<int:pk>/syncs/", views.syncs, name="syncs"),
]
