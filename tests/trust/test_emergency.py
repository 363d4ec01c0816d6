"""Who has a file open in an emergency reads it: no page that the file leads to offers them a form about it."""

from urllib.parse import urlsplit

from tests.trust.asking import Asker, kept_nothing
from tests.trust.pages import parsed, sends
from tests.trust.scene import Scene


def _of_the_file(scene: Scene, name: str) -> dict[str, list[str]]:
    """Each page of the restricted file that is reached from its overview by links, and the forms on it."""
    ids, asker = [str(id) for id in scene.worlds["w7"].ids.values()], Asker(scene.app, name)
    waiting, found = [f"/cases/{scene.worlds['w7'].ids['case']}"], dict[str, list[str]]()
    with kept_nothing():
        while waiting:
            path = waiting.pop()
            answer = asker.ask("GET", path)
            assert answer.status_code == 200, path
            page = parsed(answer.get_data(as_text=True))
            found[path] = [address for method, address in sends(page, path) if method == "POST"]
            links = {urlsplit(link.get("href", "")).path for link in page.iter("a")}
            waiting += [one for one in links - {*found, *waiting} if any(id in one for id in ids)]
    return found


def test_no_page_of_a_file_that_is_open_in_an_emergency_offers_to_write(scene: Scene) -> None:
    world = scene.worlds["w7"]
    case = f"/cases/{world.ids['case']}"
    read, worked = _of_the_file(scene, world.broke_in), _of_the_file(scene, "leader")
    del read[f"{case}/access/{world.ids['glass']}/end"]  # their own
    allowed = {"/sign-out", "/language", f"{case}/emergency-access/give-back"}
    assert {path: forms for path, found in read.items() if (forms := set(found) - allowed)} == {}
    assert {f"{case}/person", f"{case}/relatives/{world.ids['relative']}", f"{case}/plan"} <= read.keys()
    assert sum(bool(set(found) - allowed) for found in worked.values()) > 30, "others are offered much"
