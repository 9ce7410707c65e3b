"""The API's documentation is drawn from own files, under the policy that all pages have."""

from playwright.sync_api import expect


def test_the_operations_are_shown(windows):
    page = windows.open("researcher", path="/api/v1/docs/")
    expect(page.locator("#swagger-ui .opblock").first).to_be_visible()
    paths = page.locator("#swagger-ui .opblock-summary-path").all_inner_texts()
    assert any("/api/v1/images/" in path.replace("\u200b", "") for path in paths), paths
