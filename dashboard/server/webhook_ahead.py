"""The webhook route, ahead of what pages pass through: that would cost more than receiving a delivery does."""

from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.receive.receiver import PATH


class WebhookAhead:
    """ASGI middleware that hands requests for the webhook to its receiver, and all others on."""

    def __init__(self, app: ASGIApp, *, receiver: ASGIApp) -> None:
        self._app = app
        self._receiver = receiver

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to where it belongs."""
        is_webhook = scope["type"] == "http" and scope["path"] == PATH
        await (self._receiver if is_webhook else self._app)(scope, receive, send)
