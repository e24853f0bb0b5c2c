"""What the tests in a browser stand on."""

import pytest

pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.slow
def test_waiting_goes_on_in_the_page_that_comes_where_one_leads_on_by_itself(tab, tmp_path):
    (tmp_path / "second.html").write_text("<title>second</title>")
    first = tmp_path / "first.html"
    first.write_text("<title>first</title><script>setTimeout(() => location = 'second.html', 300)</script>")
    tab.go(first.as_uri())
    assert tab.until("document.title == 'second'")
