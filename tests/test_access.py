"""How fresh the answer is to who somebody is, and what Streamlit is told of it."""

import json
import os
from pathlib import Path

import pytest
from pydantic import SecretStr
from streamlit import config
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from dashboard.access import asks, auth_secrets, can_ask, person_of, public_origin, server_config
from dashboard.server.signed_cookie import claims_in
from pipelines.errors import UsageError
from pipelines.rights import Person
from pipelines.settings import Settings
from tests.asgi_client import AsgiClient
from tests.signed_in import NOW, ON, ORIGIN, SECRET, claims, cookie, guarded, on, signing_secret

__all__ = ["on", "signing_secret"]
ANYWHERE = "0.0.0.0"  # noqa: S104  what must not be listened on


def test_who_is_taken_off_the_list_is_out_at_once(on: Settings) -> None:
    """Without a restart. A file that is half written, broken or gone lets nobody in, rather than everybody."""
    client = AsgiClient(guarded(on))
    file = on.home / "settings.toml"

    def status(text: str | None) -> int:
        file.unlink(missing_ok=True)
        if text is not None:
            file.write_text(text, encoding="utf-8")
        return client.get("/media/x", headers=cookie(claims())).status_code

    assert status(ON) == 200
    assert status(ON.replace("vera@", "else@")) == 401
    assert status(ON) == 200
    for broken in (ON[:200], "", None, "not toml [", ON.replace("client_id", "clientele")):
        assert status(broken) == 401, broken
        assert asks(on.home)
        assert client.get("/", headers=cookie(claims())).status_code == 200
    assert status(ON.replace("viewer", "admin", 1).replace('admin = ["ada', 'growth = ["ada')) == 200
    assert person_of(on.home, claims(), NOW) == Person("vera@example.com", "admin")


def test_a_file_of_the_same_size_and_time_is_read_again_if_it_is_another(on: Settings) -> None:
    """As an editor leaves it that writes beside and renames."""
    file, other = on.home / "settings.toml", on.home / "other.toml"
    times = (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    assert person_of(on.home, claims(), NOW) == Person("vera@example.com", "viewer")

    other.write_text(ON.replace("vera@", "else@"), encoding="utf-8")
    os.utime(other, ns=times)
    other.rename(file)

    assert person_of(on.home, claims(), NOW) == Person("vera@example.com", None)


def test_sign_in_that_was_set_up_later_needs_a_new_start(tmp_path: Path) -> None:
    """Until then nobody is let in, and nobody is asked in vain."""
    app = guarded(Settings(home=tmp_path))
    (tmp_path / "settings.toml").write_text(ON, encoding="utf-8")

    assert AsgiClient(app, address="127.0.0.1", base_url="http://127.0.0.1:8501").get("/").status_code == 200
    assert (asks(tmp_path), can_ask(tmp_path)) == (True, False)


def test_streamlit_is_told_of_the_provider(on: Settings, tmp_path: Path) -> None:
    """Nothing without one; half a one is refused."""
    section = auth_secrets(on)["auth"]

    assert public_origin(on) == ORIGIN
    assert section["redirect_uri"] == f"{ORIGIN}/oauth2callback"
    assert section["cookie_secret"] == SECRET
    assert section["client_secret"] == on.access.client_secret.get_secret_value()
    assert auth_secrets(Settings(home=tmp_path)) == {}
    with pytest.raises(UsageError, match="public_url is missing"):
        auth_secrets(on.model_copy(update={"public_url": ""}))
    short = on.access.model_copy(update={"cookie_secret": SecretStr("short")})
    with pytest.raises(UsageError, match="shorter than 32"):
        server_config(on.model_copy(update={"access": short}), ANYWHERE)


def test_streamlit_listens_to_nobody_else(on: Settings, tmp_path: Path) -> None:
    """Every option exists in this Streamlit, and none opens another way in."""
    known = config.get_config_options()
    told = server_config(on, ANYWHERE)

    assert set(told) <= set(known)
    assert told["server.allowedHosts"] == ["127.0.0.1", "::1", "app.example.com", "localhost"]
    assert told["server.maxUploadSize"] == 1
    assert (told["server.enableAgentApi"], told["server.trustedUserHeaders"]) == (False, {})
    assert server_config(Settings(home=tmp_path), "127.0.0.1")["server.corsAllowedOrigins"] == []
    with pytest.raises(UsageError, match="metadata_url"):
        server_config(Settings(home=tmp_path), ANYWHERE)


def test_streamlits_inner_functions_are_as_they_were() -> None:
    """The two that read its cookie are private: if this fails after an upgrade, look at server/signed_cookie.py."""
    said = claims()
    kept = cookie(said)["cookie"].split("=", 1)[1]
    big = claims(groups=["g" * 100] * 60)
    chunks = [json.dumps(big)[start : start + 2000] for start in range(0, len(json.dumps(big)), 2000)]
    names = {"_streamlit_user": f"chunks-{len(chunks)}"}
    names |= {f"_streamlit_user_{number}": chunk for number, chunk in enumerate(chunks, 1)}
    many = {name: create_signed_value(SECRET, name, value).decode() for name, value in names.items()}

    assert claims_in({"_streamlit_user": kept}, ORIGIN) == {k: v for k, v in said.items() if k != "origin"}
    assert claims_in({"_streamlit_user": kept}, "https://evil.example") == {}
    assert claims_in({"_streamlit_user": kept[:-1]}, ORIGIN) == {}
    assert claims_in({"other": kept}, ORIGIN) == claims_in({}, ORIGIN) == {}
    assert claims_in(many, ORIGIN)["groups"] == big["groups"]
