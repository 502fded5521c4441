"""The projects app."""

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """What we know: projects, repositories, maps. docs/architecture.md says where it stands."""

    name = "projects"

    def ready(self) -> None:
        """This method will fill the ports and make the job kinds known."""
        from jobs import ports
        from projects import (  # noqa: F401 — their kinds, events and topics register
            access,
            artefact_topics,
            artefacts,
            checks,
            digest_topics,
            maintenance,
            membership,
            needs,
            plan_audit,
            plan_topics,
            planning,
            portfolio,
            tasks,
            thought_topics,
            topics,
        )

        ports.scopes.provide(
            visible=access.visible,
            allows=access.allows,
            where=access.where,
            label=access.label,
            named=access.named,
        )
        ports.checks.register("git", checks.git)
        tasks.subscribe()
        for module in (
            *(topics, plan_topics, digest_topics, thought_topics, artefact_topics),
            *(membership, needs, planning, plan_audit, portfolio, artefacts),
        ):
            module.register()
