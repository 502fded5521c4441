"""The URLs of projects and maps; acts are nouns."""

from django.urls import path

from projects import artefact_views, credentials, feed_views, members, portfolio_views, views
from projects.map_views import components as map_components
from projects.map_views import (
    cycles,
    drift,
    exports,
    file,
    health,
    hotspots,
    impact,
    overview,
    owners,
    search,
)
from projects.plan_views import board as plan_board
from projects.plan_views import boxes, one, summary

app_name = "projects"
PLAN = "projects/<slug:slug>"
TASK = f"{PLAN}/tasks/<int:pk>"
MAP = "projects/<slug:slug>/repositories/<int:pk>/map"
urlpatterns = [
    path("registrations/", views.registrations, name="registrations"),
    path("projects/<slug:slug>/", views.page, name="page"),
    path("projects/<slug:slug>/repositories/", views.repositories, name="repositories"),
    path("projects/", portfolio_views.listing, name="listing"),
    path("creations/", portfolio_views.creations, name="creations"),
    path("projects/<slug:slug>/settings/", portfolio_views.settings, name="settings"),
    path("projects/<slug:slug>/stages/", portfolio_views.stages, name="stages"),
    path("projects/<slug:slug>/archivals/", portfolio_views.archivals, name="archivals"),
    path("projects/<slug:slug>/unarchivals/", portfolio_views.unarchivals, name="unarchivals"),
    path("projects/<slug:slug>/artefacts/", artefact_views.page, name="artefacts"),
    path("projects/<slug:slug>/artefacts/<int:pk>/", artefact_views.file, name="artefact"),
    path(
        "projects/<slug:slug>/artefacts/<int:pk>/removals/",
        artefact_views.removals,
        name="artefact-removals",
    ),
    path("projects/<slug:slug>/artefacts/keeps/", artefact_views.keeps, name="keeps"),
    path("uploads/<slug:slug>/", artefact_views.uploads, name="uploads"),
    path("feed/", feed_views.everything, name="feeds"),
    path("projects/<slug:slug>/feed/", feed_views.page, name="feed"),
    path(f"{MAP}/", overview.page, name="map"),
    path(f"{MAP}/components/", map_components.page, name="map-components"),
    path(f"{MAP}/file/", file.page, name="map-file"),
    path(f"{MAP}/cycles/", cycles.page, name="map-cycles"),
    path(f"{MAP}/drift/", drift.page, name="map-drift"),
    path(f"{MAP}/makings/", drift.makings, name="map-makings"),
    path(f"{MAP}/impact/", impact.page, name="map-impact"),
    path(f"{MAP}/search/", search.page, name="map-search"),
    path(f"{MAP}/hotspots/", hotspots.page, name="map-hotspots"),
    path(f"{MAP}/owners/", owners.page, name="map-owners"),
    path(f"{MAP}/health/", health.page, name="map-health"),
    path(f"{MAP}/exports/", exports.page, name="map-exports"),
    path(f"{MAP}/exports/<slug:form>/", exports.download, name="map-export"),
    path("projects/<slug:slug>/repositories/<int:pk>/syncs/", views.syncs, name="syncs"),
    path("projects/<slug:slug>/credentials/", credentials.page, name="credentials"),
    path(
        "projects/<slug:slug>/repositories/<int:pk>/credentials/",
        credentials.replacements,
        name="replacements",
    ),
    path("projects/<slug:slug>/members/", members.page, name="members"),
    path("projects/<slug:slug>/members/<int:pk>/roles/", members.roles, name="roles"),
    path("projects/<slug:slug>/members/<int:pk>/removals/", members.removals, name="removals"),
    path("projects/<slug:slug>/invitations/", members.invitations, name="invitations"),
    path(
        "projects/<slug:slug>/invitations/<int:pk>/revocations/",
        members.revocations,
        name="revocations",
    ),
    path("invitations/<str:text>/", members.invitation, name="invitation"),
    path(f"{PLAN}/tasks/", plan_board.tasks, name="tasks"),
    path(f"{PLAN}/tasks/next/", plan_board.next_task, name="next-task"),
    path(f"{PLAN}/digest/", summary.page, name="digest"),
    path(f"{TASK}/items/", boxes.items, name="items"),
    path(f"{TASK}/items/<int:item>/ticks/", boxes.ticks, name="ticks"),
    path(f"{TASK}/items/<int:item>/removals/", boxes.item_removals, name="item-removals"),
    path(f"{TASK}/blockers/", boxes.blockers, name="blockers"),
    path(
        f"{TASK}/blockers/<int:blocker>/removals/", boxes.blocker_removals, name="blocker-removals"
    ),
]
for _word in ("idea", "spec"):
    urlpatterns.append(
        path(f"{PLAN}/{_word}s/", plan_board.thoughts, {"word": _word}, name=f"{_word}s")
    )
for _word in ("idea", "spec", "task"):
    _row, _more = f"{PLAN}/{_word}s/<int:pk>", {"word": _word}
    urlpatterns += [
        path(f"{PLAN}/{_word}s/new/", one.new, _more, name=f"new-{_word}"),
        path(f"{_row}/", one.page, _more, name=_word),
        path(f"{_row}/edits/", one.edits, _more, name=f"{_word}-edits"),
        path(f"{_row}/moves/", one.moves, _more, name=f"{_word}-moves"),
    ]
