"""The URLs of one's own account; acts are nouns."""

from django.urls import path

from factory import accounts

app_name = "account"
urlpatterns = [
    path("", accounts.page, name="page"),
    path("passwords/", accounts.passwords, name="passwords"),
    path("sessions/endings/", accounts.endings, name="endings"),
    path("tokens/", accounts.tokens, name="tokens"),
    path("tokens/<int:pk>/revocations/", accounts.revocations, name="revocations"),
]
