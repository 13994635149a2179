"""The home folder and what can be set in it: `settings.toml`, overridden by CLEAR_TO_SEND_… in the environment."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from pipelines.errors import HomeMissing, UsageError
from pipelines.rights import Role
from pipelines.settings_alerts import Alerts, Mail, Report

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""This machine: where pages without sign-in are shown, and where a Graph API can only be a sandbox."""


class Access(BaseModel):
    """Who signs in where, and as what. Without `metadata_url` nobody is asked, and only this machine may look."""

    model_config = ConfigDict(extra="forbid")

    metadata_url: str = Field(default="", description="the OpenID provider's .well-known/openid-configuration")
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    cookie_secret: SecretStr = Field(default=SecretStr(""), description="signs the session; 32 random characters")
    role_claim: str = Field(default="", description="a claim that holds the role, or a list in which it stands")
    roles: dict[Role, list[str]] = Field(default_factory=dict, description="a role -> the mail addresses that have it")
    blocked: list[str] = Field(default_factory=list, description="mail addresses that are out, whatever a claim says")
    session_hours: int = Field(default=8, ge=1, description="so long after signing in one has to sign in again")

    @property
    def is_on(self) -> bool:
        """Whether people have to sign in."""
        return bool(self.metadata_url)


class Settings(BaseSettings):
    """What one home is set to."""

    model_config = SettingsConfigDict(env_prefix="CLEAR_TO_SEND_", env_nested_delimiter="__", extra="forbid")

    home: Path = Path("home")
    demo: bool = Field(default=False, description="the home holds sample data, and the pages say so")
    topics: dict[str, str] = Field(
        default_factory=dict, description="opt-in title or payload, as written -> the topic's name"
    )

    ledger_url: str = Field(default="", description="PostgreSQL, as postgresql://user@host/name; empty: a file in home")
    graph_url: str = Field(default="https://graph.facebook.com", description="the Graph API, or a sandbox on 127.0.0.1")
    graph_version: str = Field(default="v26.0", description="the Graph API's version, as in v26.0")
    access_tokens: dict[str, SecretStr] = Field(default_factory=dict, description="a Page's id -> its access token")
    app_secret: SecretStr | None = Field(default=None, description="the app's secret: proves calls, signs webhooks")
    other_app_secrets: list[SecretStr] = Field(
        default_factory=list, description="also accepted under a webhook: the old one while it is rotated, other apps'"
    )
    verify_token: SecretStr | None = Field(default=None, description="what Meta's challenge to the webhook must name")
    public_url: str = Field(default="", description="https address under which Meta and people reach the app")
    access: Access = Field(default_factory=Access)
    alerts: Alerts = Field(default_factory=Alerts)
    mail: Mail = Field(default_factory=Mail)
    report: Report = Field(default_factory=Report)
    metrics_token: SecretStr | None = Field(default=None, description="bearer token of /metrics from other machines")
    retention_days: dict[str, int] = Field(
        default_factory=dict, description="a kind of event -> days after which it is erased; other kinds are kept"
    )
    trusted_proxies: list[str] = Field(
        default_factory=list, description="addresses of proxies whose X-Forwarded-For is believed"
    )
    subscription_check_minutes: int = Field(
        default=15, ge=1, description="so often Meta is asked whether it still sends each Page's webhooks"
    )
    settle_after_seconds: int = Field(default=60, ge=1, description="so long the echo of a lost answer is waited for")
    messages_per_second: int = Field(default=0, ge=0, description="for each Page; 0: what the rule book sets")

    @property
    def webhook_secrets(self) -> list[SecretStr]:
        """Each secret that a webhook may be signed with."""
        return [each for each in (self.app_secret, *self.other_app_secrets) if each]

    @property
    def warehouse_path(self) -> Path:
        """The DuckDB file. Derived: it can be deleted and loaded again."""
        return self.home / "warehouse.duckdb"

    @property
    def logs_path(self) -> Path:
        """The log segments. They are the truth."""
        return self.home / "logs"

    @property
    def plans_path(self) -> Path:
        """Frozen plans, one Parquet file each, named by its hash."""
        return self.home / "plans"

    @property
    def heads_path(self) -> Path:
        """How far the audit chain went, each time something was done: kept apart from the ledger."""
        return self.home / "audit-heads.jsonl"

    @property
    def scratch_path(self) -> Path:
        """Files that live as long as one command."""
        return self.home / "tmp"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  pydantic gives it by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file: a secret then need not stand in a file at all."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def read_settings(home: Path, *, create: bool = False) -> Settings:
    """
    Read `home/settings.toml` and the environment.

    Raises HomeMissing if there is no such folder and it may not be made, UsageError for a setting that is unknown or of
    the wrong kind.
    """
    home = home.expanduser().absolute()
    if create:
        home.mkdir(parents=True, exist_ok=True)
    if not home.is_dir():
        raise HomeMissing(
            f"There is no home folder at {home}. Load logs into it with `clear-to-send load PATH --home {home}`, "
            "or look at sample data with `clear-to-send demo`."
        )
    file = home / "settings.toml"
    try:
        return _settings_of(file)(home=home)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"{file}: the setting {name} is wrong: {first['msg'].lower()}. Correct or remove it."
        ) from None
    except SettingsError as error:
        raise UsageError(
            f"The environment: {error}. Write a table as JSON, as in "
            f'CLEAR_TO_SEND_ACCESS_TOKENS=\'{{"PAGE": "TOKEN"}}\'.'
        ) from None
    except ValueError as error:
        raise UsageError(f"{file}: is not valid TOML ({error}). Correct it or delete the file.") from None


def _settings_of(file: Path) -> type[Settings]:
    """The settings class, bound to one file: pydantic reads the file's path from the class."""

    class SettingsOfHome(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    return SettingsOfHome
