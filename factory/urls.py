"""Every URL of the product."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path

from factory import api, entrance, finding, first_contact, health, metrics, skin, views

handler400 = "factory.errors.bad_request"
handler403 = "factory.errors.forbidden"
handler404 = "factory.errors.not_found"
handler500 = "factory.health.failed"
admin.autodiscover()
urlpatterns = [
    path("", views.home, name="home"),
    path("jobs/", include("jobs.urls")),
    path("", include("jobs.insight_urls")),
    path("", include("factory.system_urls")),
    path("schedules/", include("jobs.timetable_urls")),
    path("runners/", include("jobs.runner_urls")),
    path("queues/", include("jobs.queue_urls")),
    path("", include("projects.urls")),
    path("legend/", views.legend, name="legend"),
    path("runbook/", views.runbook, name="runbook"),
    path("find/", finding.find, name="find"),
    path("shortcuts/", finding.shortcuts, name="shortcuts"),
    path("theme/", skin.choose, name="theme"),
    path("login/", entrance.Entrance.as_view(), name="login"),
    path("login/<str:text>/", first_contact.enter, name="login-link"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("account/", include("factory.account_urls")),
    path("admin/login/", entrance.to_the_admin),
    path("admin/password_change/", entrance.to_own_password),
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.scrape, name="metrics"),
]
if settings.FACTORY_OIDC_ISSUER:
    from factory import signon

    urlpatterns += [
        path("signon/", signon.begin, name="signon"),
        path("signon/callback/", signon.finish, name="signon-callback"),
    ]
