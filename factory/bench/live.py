"""How soon pages show what was committed: paint in a real browser, and fan-out to many sockets."""

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from statistics import median, quantiles
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

from factory import scratch
from factory.bench import audience, chromium, machine, product
from factory.bench.product import PAGE, Product
from jobs import process, queue
from jobs.models import Job, Move
from jobs.states import State

TURN_S = 0.05
BEAT_TURNS = 5
"""The row that is timed changes once in so many turns."""
_GOLDEN = 0.618034
"""And within its turn by such steps: at each part of the relay's tenth of a second alike."""
# The first task after the frame that shows a change of the row.
_OBSERVE = """
(() => {
  window.painted = {};
  const look = () => {
    const found = /beat (\\d+)/.exec(document.getElementById("job-%d").textContent);
    if (!found || window.painted[found[1]]) return;
    window.painted[found[1]] = -1;
    requestAnimationFrame(() => setTimeout(() => { window.painted[found[1]] = Date.now() / 1000; }));
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
})()
"""
_PAINTED = "window.painted"
_WORDS = """
Object.fromEntries([...document.querySelectorAll("tr[data-topic]")].map(row =>
  [row.dataset.topic, (/mark-([a-z]+)/.exec(row.innerHTML) || [])[1]]))
"""
Times = Mapping[str, float]
Words = Mapping[str, str]


def run(sockets: int, rate: int, seconds: float, storm: int = 0) -> dict[str, Any]:
    """This function will run the product on a scratch database, and time its news under load.

    Times are in milliseconds from just before a change is written until it is painted, and until it
    came to each socket; all show the page of jobs. `lost` counts rows that do not show their last
    state, on a socket or in the browser, `SETTLE_S` after all have ended. A `storm` changes so many
    states a second besides, past the queue, a turn's share in one statement.
    """
    with scratch.database() as environment:
        return timed(environment, sockets, rate, seconds, storm)


def timed(
    environment: dict[str, str], sockets: int, rate: int, seconds: float, storm: int = 0
) -> dict[str, Any]:
    """This function will do so on the database that `environment` and Django name."""
    with product.running(environment) as running:
        running.prepare(round(storm * TURN_S))
        with _window(running) as window, _audience(running, sockets) as hearing:
            before, begun = running.ticks(), time.monotonic()
            sent = _load(running, rate, seconds)
            took, after = time.monotonic() - begun, running.ticks()
            ran = Job.objects.filter(state=State.SUCCEEDED).count()
            moved = Move.objects.filter(job__in=running.storm).count() if storm else 0
            final = running.settle()
            heard = hearing()
            painted = _sighted(window)
    everybody = list(zip(heard["beats"], heard["words"], strict=True))
    return {
        "paint_ms": _parts(_delays(sent, painted[0]), "p99") if painted else None,
        "fanout_ms": _parts([one for beats, _ in everybody for one in _delays(sent, beats)], "max"),
        "lost": sum(
            _lost(sent, final, *one) for one in [*everybody, *([painted] if painted else [])]
        ),
        "closed": heard["closed"],
        "sockets": sockets,
        "changes": len(sent),
        "jobs_per_s": round(ran / took),
        "storm_per_s": round(moved / took),
        "frames_per_s": round(heard["frames"] / took),
        "cpu_percent": {name: round((after[name] - before[name]) / took) for name in after},
        "machine": machine.describe(),
    }


def _load(running: Product, rate: int, seconds: float) -> dict[int, float]:
    """Jobs at a steady rate, rows that end one after another, and a row that changes all the time."""
    step = seconds / len(running.rows)
    for place, pk in enumerate(running.rows):
        Job.objects.filter(pk=pk).update(run_after=Now() + timedelta(seconds=place * step))
    sent: dict[int, float] = {}
    begun = time.monotonic()
    for turn in range(round(seconds / TURN_S)):
        if wanted := round((turn + 1) * rate * TURN_S) - round(turn * rate * TURN_S):
            queue.enqueue_many("demo.noop", [{}] * wanted)
        if running.storm:
            word = State.SCHEDULED if turn % 2 else State.PAUSED
            Job.objects.filter(pk__in=running.storm).update(state=word, updated_at=Now())
        if turn % BEAT_TURNS == 0:
            time.sleep(len(sent) * _GOLDEN % 1 * TURN_S)
            number = len(sent) + 1
            sent[number] = time.time()
            Job.objects.filter(pk=running.beat).update(subject=f"beat {number}", updated_at=Now())
        time.sleep(max(0.0, begun + (turn + 1) * TURN_S - time.monotonic()))
    return sent


def _delays(sent: Mapping[int, float], seen: Times) -> list[float]:
    """Seconds from each change until it, or one after it, was seen; none for those never seen."""
    delays, soonest = [], float("inf")
    for number in sorted(sent, reverse=True):
        soonest = min(soonest, seen.get(str(number), soonest))
        if soonest != float("inf"):
            delays.append(soonest - sent[number])
    return delays


def _parts(delays: Iterable[float], worst: str) -> dict[str, float] | None:
    listed = sorted(delays)
    if len(listed) < 2:
        return None
    high = listed[-1] if worst == "max" else quantiles(listed, n=100, method="inclusive")[98]
    return {"p50": round(median(listed) * 1000, 1), worst: round(high * 1000, 1)}


def _lost(sent: Mapping[int, float], final: Words, beats: Times, words: Words) -> int:
    return (str(max(sent)) not in beats) + sum(words.get(row) != final[row] for row in final)


@contextmanager
def _window(running: Product) -> Iterator[chromium.Window | None]:
    """The page in a browser, where there is one."""
    path = chromium.found()
    if path is None:
        yield None
        return
    with chromium.window(path) as window:
        window.visit(running.url + PAGE, settings.SESSION_COOKIE_NAME, running.cookie)
        window.value(_OBSERVE % running.beat)
        yield window


def _sighted(window: chromium.Window | None) -> tuple[Times, Words] | None:
    if window is None:
        return None
    painted = {beat: at for beat, at in window.value(_PAINTED).items() if at > 0}  # not only put
    return painted, window.value(_WORDS)


@contextmanager
def _audience(running: Product, sockets: int) -> Iterator[Any]:
    """The sockets; what is given ends them and tells what they heard."""
    orders = {
        "address": f"ws://127.0.0.1:{running.port}/ws/live",
        "origin": running.url,
        "cookie": running.cookies,
        "sockets": sockets,
        "watch": running.watch,
    }
    argv = [sys.executable, "-I", audience.__file__]
    crowd = process.start(argv, stdin=process.PIPE)
    stdin, stdout = crowd.stdin, crowd.stdout
    if stdin is None or stdout is None:
        raise TypeError("the audience was started without pipes")
    try:
        stdin.write(json.dumps(orders).encode() + b"\n")
        stdin.flush()
        if stdout.readline().strip() != b"ready":
            raise ConnectionError("the sockets could not be opened")

        def heard() -> dict[str, Any]:
            stdin.close()
            told: dict[str, Any] = json.loads(stdout.readline())
            return told

        yield heard
    finally:
        crowd.end()
