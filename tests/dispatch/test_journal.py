"""Many writes in one commit, each one's answer to the one who asked, and failures to all whom they concern."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, event, select, text, update

from pipelines.dispatch.journal import Journal
from pipelines.errors import Refused
from pipelines.ledger import campaigns, queue
from pipelines.ledger.queue import Result
from pipelines.ledger.schema import audit_head
from pipelines.ledger.schema import campaigns as campaigns_table
from tests.dispatch.sending import ON_BOTH, ON_POSTGRESQL, crowd, launch, rows, tally
from tests.sandbox.serving import START

WINDOW = "standard_window"


@contextmanager
def counting_commits(ledger: Engine) -> Iterator[list[int]]:
    """Count in the one number of the list."""
    commits = [0]

    def committed(_: Connection) -> None:
        commits[0] += 1

    event.listen(ledger, "commit", committed)
    yield commits
    event.remove(ledger, "commit", committed)


def holding(journal: Journal, until: threading.Event) -> "asyncio.Task[bool]":
    """Keep the journal's thread busy, so that what is asked meanwhile gathers."""
    return asyncio.create_task(journal.run(lambda _: until.wait(30)))


async def gathered(journal: Journal, *asked: Callable[[], Awaitable[object]]) -> list[object]:
    """Ask all at once while the journal is busy, and return the answers, exceptions among them."""
    free = threading.Event()
    busy = holding(journal, free)
    await asyncio.sleep(0.05)
    tasks = [asyncio.ensure_future(each()) for each in asked]
    await asyncio.sleep(0.05)
    free.set()
    await busy
    return list(await asyncio.gather(*tasks, return_exceptions=True))


@ON_BOTH
def test_many_starts_share_one_commit(ledger: Engine) -> None:
    """What gathers while the journal is busy goes to disk at once, and each one hears of its own."""
    people = crowd(100)
    launch(ledger, people)
    ids = [send_id for (send_id,) in rows(ledger, "send_id")]

    async def start() -> list[object]:
        async with Journal(ledger) as journal:
            with counting_commits(ledger) as commits:
                asked = [lambda send_id=send_id: journal.start(send_id, WINDOW, START) for send_id in [*ids, 4711]]
                answers = await gathered(journal, *asked)
            assert commits[0] == 2, "one for the act that kept it busy, one for all starts"
            return answers

    assert asyncio.run(start()) == [True] * 100 + [False]
    assert tally(ledger) == {"sending": 100}


def test_a_send_starts_once(ledger: Engine) -> None:
    """It cannot be on its way twice, and no campaign that does not send lets one go."""
    launch(ledger, crowd(2))
    one, two = (send_id for (send_id,) in rows(ledger, "send_id"))

    async def start() -> list[bool]:
        async with Journal(ledger) as journal:
            answers = [await journal.start(one, WINDOW, START), await journal.start(one, WINDOW, START)]
            await asyncio.to_thread(campaigns.change, ledger, "shoes", "paused", "Rita", START, "wait", "paused")
            return [*answers, await journal.start(two, WINDOW, START)]

    assert asyncio.run(start()) == [True, False, False]


def test_only_a_one_time_token_starts_again(ledger: Engine) -> None:
    """Its second message cannot arrive where the first did; one by an open window could."""
    launch(ledger, crowd(2, tokens=1))
    ids = [send_id for (send_id,) in rows(ledger, "send_id")]

    async def start() -> list[bool]:
        async with Journal(ledger) as journal:
            for send_id, lane in zip(ids, ("otn", WINDOW), strict=True):
                await journal.start(send_id, lane, START)
                await journal.record(Result(send_id, "unconfirmed", START))
            return [
                await journal.start(send_id, lane, START, again=True)
                for send_id, lane in zip(ids, ("otn", WINDOW), strict=True)
            ]

    assert asyncio.run(start()) == [True, False]


@ON_BOTH
def test_a_failure_reaches_everyone_whose_write_was_in_it(ledger: Engine) -> None:
    """None of them may believe that it stands; what was asked for otherwise is not concerned."""
    launch(ledger, crowd(3))
    one, two, three = (send_id for (send_id,) in rows(ledger, "send_id"))

    async def fail() -> list[object]:
        async with Journal(ledger) as journal:
            await journal.start(one, WINDOW, START)
            bad = Result(one, "cancelled", START)  # no call comes to that
            return await gathered(
                journal,
                lambda: journal.start(two, WINDOW, START),
                lambda: journal.record(bad),
                lambda: journal.start(three, WINDOW, START),
                lambda: journal.run(lambda c: c.execute(select(1)).scalar_one()),
            )

    *failed, well = asyncio.run(fail())

    assert all("send_move_not_allowed" in str(each) for each in failed)
    assert len({id(each) for each in failed}) == 1
    assert well == 1
    assert tally(ledger) == {"sending": 1, "queued": 2}


@ON_BOTH
def test_an_act_that_fails_leaves_the_others_standing(ledger: Engine) -> None:
    """It has a transaction of its own."""
    launch(ledger, crowd(1))

    def refuse(connection: Connection) -> None:
        connection.execute(update(campaigns_table).values(name="gone"))
        raise Refused("No.")

    async def act() -> list[object]:
        async with Journal(ledger) as journal:
            return await gathered(
                journal, lambda: journal.run(refuse), lambda: journal.start(1, WINDOW, START),
                lambda: journal.run(lambda c: queue.open_count(c, "shoes")),
            )  # fmt: skip

    refused, started, counts = asyncio.run(act())

    assert isinstance(refused, Refused)
    assert (started, counts) == (True, {"sending": 1})
    assert campaigns.get(ledger, "shoes").name == "shoes"


def test_what_was_asked_before_the_end_is_written(ledger: Engine) -> None:
    """Whoever leaves waits until the disk has it."""
    launch(ledger, crowd(50))

    async def leave() -> None:
        async with Journal(ledger) as journal:
            ids = [send_id for (send_id,) in rows(ledger, "send_id")]
            tasks = [asyncio.create_task(journal.start(send_id, WINDOW, START)) for send_id in ids]
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)

    asyncio.run(leave())

    assert tally(ledger) == {"sending": 50}


def test_a_task_that_is_stopped_leaves_its_write_standing(ledger: Engine) -> None:
    """And nobody complains that it was not waited for."""
    launch(ledger, crowd(1))

    async def stop() -> None:
        async with Journal(ledger) as journal:
            task = asyncio.create_task(journal.start(1, WINDOW, START))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(stop())

    assert tally(ledger) == {"sending": 1}


@ON_POSTGRESQL
def test_two_who_wait_for_each_other_are_no_failure(ledger: Engine) -> None:
    """PostgreSQL ends the journal's transaction, and the journal begins it again; SQLite lets one write at a time."""
    launch(ledger, crowd(1))
    has_head, has_campaign = threading.Event(), threading.Event()

    def person() -> None:
        with ledger.begin() as connection:
            connection.execute(text("SET LOCAL deadlock_timeout = '60s'"))  # so that it is the other who finds out
            connection.execute(update(audit_head).values(single=1))
            has_head.set()
            has_campaign.wait(30)
            connection.execute(update(campaigns_table).values(name="by a person"))

    def act(connection: Connection) -> str:
        connection.execute(update(campaigns_table).values(name="by the journal"))
        has_campaign.set()
        connection.execute(update(audit_head).values(single=1))
        return "done"

    async def both() -> str:
        async with Journal(ledger) as journal:
            other = asyncio.create_task(asyncio.to_thread(person))
            await asyncio.to_thread(has_head.wait, 30)
            done = await journal.run(act)
            await other
            return done

    assert asyncio.run(both()) == "done"
    assert campaigns.get(ledger, "shoes").name == "by the journal"
