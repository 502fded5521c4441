"""What was claimed in a runner's name and never reaches it: the answer to the claim was lost."""

from collections.abc import Callable, Collection

from jobs.ledger import Held


class Handover:
    """Tells the claims that are lost from those just being handed over; the database shows both.

    A claim may commit long after its connection was lost: the server notices when it answers. The
    main thread counts its claims, the heartbeat compares.
    """

    def __init__(self, known: Callable[[], Collection[int]]) -> None:
        self._known = known
        self._asked = self._answered = 0
        self._strange: dict[Held, int] = {}

    def asks(self) -> None:
        """This method will note that a claim is sent."""
        self._asked += 1

    def is_answered(self) -> None:
        """This method will note that what it brought is on the desk, or that its answer is lost."""
        self._answered = self._asked

    def lost(self, held: Collection[Held]) -> list[Held]:
        """This method will give what the runner holds, by the database, and will never hear of.

        That is what it does not know once every claim is answered that was sent before `held` was
        read.
        """
        # In this order: what an answer brought is on the desk before it counts as answered.
        asked, answered = self._asked, self._answered
        known = self._known()
        self._strange = {one: self._strange.get(one, asked) for one in held if one.id not in known}
        return [one for one, since in self._strange.items() if since <= answered]
