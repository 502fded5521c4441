"""The URLs of the ledger's pages; acts are nouns."""

from django.urls import path

from jobs import acting, controls, saving, views

app_name = "jobs"
urlpatterns = [
    path("", views.listing, name="list"),
    path("failures/", views.failures, name="failures"),
    path("<int:pk>/", views.page, name="page"),
    path("<int:pk>/graph/", views.graphed, name="graph"),
    path("<int:pk>/log/", views.log, name="log"),
    path("<int:pk>/log.txt", views.log_file, name="log-file"),
    path("<int:pk>/artefacts/<int:artefact>/", views.artefact, name="artefact"),
    path("<int:pk>/reasons/", views.reasons, name="reasons"),
    path("<int:pk>/repairs/", acting.repairs, name="repairs"),
    path("<int:pk>/dependencies/", acting.dependencies, name="dependencies"),
    path("<int:pk>/dependencies/<int:parent>/releases/", acting.releases, name="releases"),
    path("views/", saving.saves, name="saves"),
    path("views/<int:pk>/removals/", saving.removals, name="save-removals"),
    path("new/", acting.creation, name="new"),
    path("selections/", acting.selections, name="selections"),
    *(
        path(f"<int:pk>/{one.noun}/", acting.act, {"control": one}, name=one.noun)
        for one in controls.ALL
    ),
]
