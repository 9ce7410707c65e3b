"""What no page may do, whatever else a test looks at."""

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, WebError

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
SETTLING_MS = 500
OWN_SCHEMES = ("data:", "blob:")
# Chromium's words for any answer from 400 up: judged as an answer, not a second time as a line.
ANSWER_TOLD_AGAIN = "Failed to load resource"


class Watch:
    """Listens to all pages of one browser context; `faults` are sentences, none of them good.

    Violations of the content security policy come as lines of the console.
    """

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.context = context
        self.origin = origin
        self.faults: list[str] = []
        self.documents: list[str] = []
        self.expected_statuses: set[int] = set()
        context.on("console", self._console)
        context.on("weberror", self._web_error)
        context.on("request", self._request)
        context.on("response", self._response)

    def expect_status(self, status: int) -> None:
        """The test provokes this answer: it is no fault."""
        self.expected_statuses.add(status)

    def look_for_overflow(self, page: Page) -> None:
        """A page that is wider than its window scrolls sideways."""
        measured = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        excess = page.evaluate(measured)
        if excess > 0:
            # Charts follow a new width a moment later.
            page.wait_for_timeout(SETTLING_MS)
            excess = page.evaluate(measured)
        if excess > 0:
            width = page.viewport_size["width"]
            self.faults.append(f"{page.url} is {excess} px too wide for {width} px")

    def look_at_both_widths(self, page: Page) -> None:
        for size in (DESKTOP, PHONE):
            page.set_viewport_size(size)
            self.look_for_overflow(page)
        page.set_viewport_size(DESKTOP)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning") or message.text.startswith(ANSWER_TOLD_AGAIN):
            return
        self.faults.append(f"console {message.type}: {message.text} ({message.location})")

    def _web_error(self, error: WebError) -> None:
        self.faults.append(f"uncaught: {error.error}")

    def _request(self, request: Request) -> None:
        if request.resource_type == "document":
            self.documents.append(request.url)
        if not request.url.startswith((f"{self.origin}/", *OWN_SCHEMES)):
            self.faults.append(f"another origin was asked: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected_statuses:
            self.faults.append(f"{response.status} from {response.url}")
