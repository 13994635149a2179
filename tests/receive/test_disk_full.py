"""A disk that is full: 503, nothing half written, and on again once there is room."""

from pathlib import Path

import pytest

from tests.deliveries import ANNA, NOON, compact, delivery, message
from tests.receive.serving import START, bodies, served


def test_a_full_disk_is_told_and_loses_nothing(small_disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What was answered 200 is there, once; what was answered 503 is not, and comes again."""
    sent = (compact(delivery(message(ANNA, NOON, f"m_{number}", text="x" * 100_000))) for number in range(99))
    taken = []
    with served(small_disk) as route:
        ballast = small_disk / "ballast"
        ballast.write_bytes(b"x" * (22 << 20))
        while route.post(body := next(sent)) == 200:
            taken.append(body)
        assert [route.post(body), route.post(body)] == [503, 503]
        assert route.client.get("/health").status_code == 503
        failing = route.receiver.counts.as_json(None)
        assert failing["failing_since"] == f"{START.isoformat()}.000Z"
        assert failing["last_failure"]["says"] == "Deliveries could not be stored: No space left on device."
        assert route.counted("not_stored") == 3

        ballast.unlink()
        assert route.post(body) == 200
        taken.append(body)
        assert route.client.get("/health").status_code == 200
        assert route.receiver.counts.failing_since is None

    assert sorted(bodies(small_disk)) == sorted(taken)
    assert "No space left" in caplog.text
    assert ANNA not in caplog.text
