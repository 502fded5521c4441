"""django-q2's live view of its clusters, answered from runner rows."""

from jobs.management.clusters import Repeated


class Command(Repeated):
    """Shows the clusters of all hosts once a second, until Ctrl-C."""

    help = __doc__
