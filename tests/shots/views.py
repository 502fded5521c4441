"""What is photographed: the name of each picture, and the address it is taken of."""

PLAIN = {
    "home": "",
    "feed": "feed/",
    "projects": "projects/",
    "register": "registrations/",
    "create": "creations/",
    "jobs": "jobs/",
    "jobs-failed": "jobs/?state=failed",
    "jobs-nothing": "jobs/?q=zzz",
    "jobs-enqueue": "jobs/new/",
    "jobs-enqueue-steps": "jobs/new/?kind=demo.steps",
    "jobs-bulk": "jobs/selections/?act=retry&all=on&state=failed",
    "failures": "jobs/failures/",
    "deliveries": "deliveries/",
    "health": "health/",
    "queues": "queues/",
    "queue-limits": "queues/limits/",
    "queue-pause": "queues/short/pauses/",
    "runners": "runners/",
    "runner-request": "runners/requests/?pool=short&act=drain",
    "schedules": "schedules/",
    "schedule": "schedules/1/",
    "system": "system/",
    "metrics": "system/metrics/",
    "processes": "system/processes/",
    "storage": "system/storage/",
    "configuration": "system/configuration/",
    "audit": "system/audit/",
    "messages": "system/messages/",
    "legend": "legend/",
    "find": "find/?q=pay",
    "shortcuts": "shortcuts/",
    "runbook": "runbook/",
    "account": "account/",
    "admin": "admin/",
    "admin-jobs": "admin/jobs/job/",
    "admin-projects": "admin/projects/project/",
    "admin-runners": "admin/jobs/runner/",
    "error-404": "nowhere/",
}
"""Pages that every installation has."""

OF_JOBS = {
    **{
        f"job-{state}": f"jobs/{{{state}}}/"
        for state in ("running", "asked", "failed", "succeeded", "scheduled", "paused", "blocked")
    },
    "job-log": "jobs/{failed}/log/",
    "job-graph": "jobs/{blocked}/graph/",
    "job-why": "jobs/{running}/reasons/",
    "job-repair": "jobs/{failed}/repairs/",
    "job-cancel": "jobs/{paused}/cancellations/",
    "job-depend": "jobs/{paused}/dependencies/",
    "admin-job": "admin/jobs/job/{failed}/change/",
}
_PROJECT = "projects/payments-api"
_MAP = _PROJECT + "/repositories/{repository}/map"
OF_PROJECTS = {
    "project": f"{_PROJECT}/",
    **{
        f"project-{leaf}": f"{_PROJECT}/{leaf}/"
        for leaf in (
            *("repositories", "artefacts", "members", "stages", "settings", "archivals"),
            *("credentials", "feed", "tasks", "ideas", "specs", "digest"),
        )
    },
    "task": _PROJECT + "/tasks/{task}/",
    "task-blocked": _PROJECT + "/tasks/{blocked_task}/",
    "task-edit": _PROJECT + "/tasks/{task}/edits/",
    "task-move": _PROJECT + "/tasks/{task}/moves/?to=REVIEW",
    "task-new": f"{_PROJECT}/tasks/new/",
    "task-next": f"{_PROJECT}/tasks/next/",
    "idea": _PROJECT + "/ideas/{idea}/",
    "spec": _PROJECT + "/specs/{spec}/",
    "admin-repository": "admin/projects/repository/{repository}/change/",
    "map": f"{_MAP}/",
    **{
        f"map-{leaf}": f"{_MAP}/{leaf}/"
        for leaf in ("components", "hotspots", "owners", "health", "cycles", "drift", "exports")
    },
    "map-file": f"{_MAP}/file/?path=django/forms/forms.py",
    "map-impact": f"{_MAP}/impact/?path=django/apps/config.py",
    "map-search": f"{_MAP}/search/?q=resolve",
}
ANONYMOUS = {"login": "login/"}
WORLDS = {"empty": PLAIN, "full": PLAIN | OF_JOBS | OF_PROJECTS}
WORLDS["broken"] = WORLDS["full"]
