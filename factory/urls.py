"""Every URL of the product."""

from django.contrib import admin
from django.urls import path

from factory import first_contact, health

handler500 = "factory.health.failed"
urlpatterns = [
    path("admin/", admin.site.urls),
    path("login/<str:text>/", first_contact.enter, name="login-link"),
    path("readyz", health.ready, name="readyz"),
]
