"""What a provider said of whoever sends a request, out of the cookie in which Streamlit keeps it under a signature.

The only place that leans on Streamlit's inner functions; they may move with a new version, and a test then says so.
"""

from collections.abc import Mapping

from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import (
    _get_signed_cookie_with_chunks,
    _parse_decoded_user_cookie,
)

from pipelines.access import Claims


def claims_in(cookies: Mapping[str, str], origin: str) -> Claims:
    """Return the claims, as `st.user` has them; none without a cookie that was signed here, for this address."""
    decoded = _get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
    return _parse_decoded_user_cookie(decoded, origin) if decoded else {}
