"""What packages of others add: layers, operations, data sets, studies and more, found by their entry points.

A package declares in its pyproject.toml `[project.entry-points."backhand.layers"] swish = "its_module:Swish"`; once it
is installed, `LAYERS["swish"]` is that class. Metadata are read when a name is asked for that the program does not
have, or when names are listed; a module is imported when its name is. The guide is docs/guides/plugins.md.
"""

import re
import warnings
from collections.abc import Callable, Container, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from backhand.errors import BackhandError, BackhandWarning

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

T = TypeVar("T")
PREFIX = "backhand."  # of the names of all groups of entry points
_used: dict[str, str] = {}  # distribution -> version, of the plugins that were asked for by name


class PluginError(BackhandError):
    """A plugin that cannot be imported, is not what its group takes, or has a name that is taken."""


@dataclass(frozen=True)
class Plugin:
    """One entry point of a package.   distribution, version: of that package.   target: "module" or "module:name"."""

    group: str
    name: str
    target: str
    distribution: str
    version: str
    entry: "EntryPoint"

    @property
    def package(self) -> str:
        """The package and its version, in words: "backhand-swish 0.1.0"."""
        return f"{self.distribution} {self.version}"


class Group(Generic[T]):
    """All plugins of one group of entry points, such as `backhand.layers`.

    noun: what one of them is called, such as "layer".   wanted: what its entry point has to name, in words.
    fits: whether (name, value) is that.   taken: the names that the program has itself, which no plugin replaces.
    """

    def __init__(
        self, name: str, noun: str, wanted: str, fits: Callable[[str, Any], bool], taken: Container[str] = ()
    ) -> None:
        self.name, self.noun, self.wanted, self.fits, self.taken = name, noun, wanted, fits, taken
        self._values: dict[Plugin, T] = {}
        self._told: set[str] = set()

    def plugins(self) -> list[Plugin]:
        """The plugins of this group in the order of their names, whether or not they can be used."""
        return sorted(installed().get(self.name, ()), key=lambda plugin: (plugin.name, plugin.distribution))

    def names(self) -> list[str]:
        """The names that plugins add, without those that are taken; nothing is imported."""
        return list(dict.fromkeys(plugin.name for plugin in self.plugins() if plugin.name not in self.taken))

    def __contains__(self, name: object) -> bool:
        """Whether a plugin adds this name; nothing is imported."""
        return name in self.names()

    def origin(self, name: str) -> Plugin | None:
        """The first plugin that adds this name; None where none does."""
        return next((plugin for plugin in self.plugins() if plugin.name == name and name not in self.taken), None)

    def load(self, name: str) -> T:
        """What a plugin adds under this name. Raises KeyError where none does, and PluginError for one not usable."""
        plugin = self.origin(name)
        if plugin is None:
            raise KeyError(name)
        value = self.value(plugin)
        _used[plugin.distribution] = plugin.version
        return value

    def value(self, plugin: Plugin) -> T:
        """What the plugin adds. Raises PluginError, a sentence that names the package, where it cannot be used."""
        if plugin not in self._values:
            self._refuse_taken(plugin)
            self._values[plugin] = self._import(plugin)
        return self._values[plugin]

    def usable(self) -> dict[str, T]:
        """What plugins add, by name; a BackhandWarning tells once of each that cannot be used."""
        values: dict[str, T] = {}
        for plugin in self.plugins():
            try:
                values[plugin.name] = self.value(plugin)
            except PluginError as error:
                if str(error) not in self._told:
                    self._told.add(str(error))
                    warnings.warn(str(error), BackhandWarning, stacklevel=3)
        return values

    def _refuse_taken(self, plugin: Plugin) -> None:
        others = [other for other in self.plugins() if other.name == plugin.name and other != plugin]
        owner = "Backhand" if plugin.name in self.taken else others[0].package if others else ""
        if owner:
            advice = "rename it there" if owner == "Backhand" else "uninstall one of the two packages"
            raise PluginError(
                f'{plugin.package} adds the {self.noun} "{plugin.name}", a name that {owner} has too; {advice}'
            )

    def _import(self, plugin: Plugin) -> T:
        what = f'the {self.noun} "{plugin.name}" of {plugin.package}'
        advice = f"update the package, or remove it by `pip uninstall {plugin.distribution}`"
        value = made(plugin.entry.load, f"{what} cannot be imported from {plugin.target}", advice)
        if not self.fits(plugin.name, value):
            raise PluginError(f"{what}, {plugin.target}, is not {self.wanted}; {advice}")
        return value


class Table(MutableMapping[str, T]):
    """Things by name: the program's own, those that a script adds, and after them those of plugins.

    `name in table` and `table[name]` look for a plugin where the program has no such name; to go through the table
    imports all plugins of its group, with a BackhandWarning for each that cannot be used.
    """

    def __init__(
        self, own: Mapping[str, T], group: str, noun: str, *, wanted: str, fits: Callable[[str, Any], bool]
    ) -> None:
        self.own = dict(own)
        self.group: Group[T] = Group(group, noun, wanted, fits, self.own)

    def __contains__(self, name: object) -> bool:
        """Whether the program or a plugin has this name; nothing is imported."""
        return name in self.own or name in self.group

    def __getitem__(self, name: str) -> T:
        """What has this name. Raises KeyError for an unknown one, and PluginError for a plugin that is not usable."""
        return self.own[name] if name in self.own else self.group.load(name)

    def __setitem__(self, name: str, value: T) -> None:
        """Add something for this process."""
        self.own[name] = value

    def __delitem__(self, name: str) -> None:
        """Take something away that was added in this process."""
        del self.own[name]

    def __iter__(self) -> Iterator[str]:
        """The names, those of plugins that can be used last."""
        return iter([*self.own, *self.group.usable()])

    def __len__(self) -> int:
        """The number of names that can be used: those of Backhand and those of plugins that load."""
        return len(self.own) + len(self.group.usable())

    def name_of(self, value: T) -> str | None:
        """The name of this very thing; None where it has none. Plugins are asked last."""
        own = next((name for name, known in self.own.items() if known is value), None)
        return own or next((name for name, known in self.group.usable().items() if known is value), None)


@cache
def installed() -> Mapping[str, tuple[Plugin, ...]]:
    """The plugins that are installed, by the group of their entry points; no plugin is imported."""
    from importlib.metadata import entry_points

    found, plugins = entry_points(), {}
    for group in filter(lambda group: group.startswith(PREFIX), found.groups):
        entries = [(entry, entry.dist) for entry in found.select(group=group)]
        plugins[group] = tuple(
            Plugin(group, entry.name, entry.value, normalised(owner.name), owner.version, entry)
            for entry, owner in entries
            if owner is not None
        )
    return plugins


def made(make: Callable[[], T], failure: str, advice: str) -> T:
    """What `make` returns, which runs the code of a plugin.

    Raises PluginError where that raises anything: the words of the failure, what was raised, and the advice.
    """
    try:
        return make()
    except Exception as error:  # the code of others may raise anything
        reason = " ".join(str(error).split())
        raise PluginError(f"{failure} ({type(error).__name__}: {reason}); {advice}") from error


def normalised(distribution: str) -> str:
    """The name of a distribution as `pip` compares it: "Backhand_Swish" is "backhand-swish" (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def used() -> str:
    """The packages whose plugins this process asked for by name: "backhand-swish 0.1.0"; "" for none."""
    return ", ".join(f"{distribution} {_used[distribution]}" for distribution in sorted(_used))


def absent(packages: str) -> str:
    """Which of the packages, named as `used` names them, are not installed: as the middle of a sentence; "" for none.

    The sentence says by which command they are installed.
    """
    from importlib.metadata import PackageNotFoundError, version

    missing = []
    for package in filter(None, packages.split(", ")):
        try:
            version(package.partition(" ")[0])
        except PackageNotFoundError:
            missing.append(package)
    names = " ".join(package.partition(" ")[0] for package in missing)
    verb = "is" if len(missing) == 1 else "are"
    return f"{', '.join(missing)}, which {verb} not installed; install by `pip install {names}`" if missing else ""


def forget() -> None:
    """Read the metadata of the installed packages again the next time; for programs that install one while they run."""
    installed.cache_clear()
    _used.clear()
