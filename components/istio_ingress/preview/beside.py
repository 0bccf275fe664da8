"""What lives in a program's clusters, asked for once where the stack's configuration wants it."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pulumi

from .. import rules
from ..field_managers import field_manager
from ..rules import stack_settings
from ..rules.finding import Severity
from ..with_cluster import asking, joined
from ..with_cluster.asking import Living
from ..with_cluster.joined import Identity, Others
from . import providers


class Beside:
    """The clusters of one program."""

    def __init__(self) -> None:
        """Begin without having asked."""
        self._living: dict[int, Living | None] = {}
        self._said: set[str] = set()

    def findings(
        self,
        resource: pulumi.Resource,
        manifests: Sequence[rules.Manifest],
        settings: rules.Settings,
        only: Sequence[rules.Rule],
    ) -> list[rules.Finding] | None:
        """What is wrong with objects in themselves and beside what lives; None where that is not wanted, or not known.

        Args:
            resource: one of those that are declared with the cluster's provider.
            manifests: all of them.
            settings: as for `rules.check`.
            only: the rules.
        """
        if not pulumi.Config(stack_settings.NAMESPACE).get_bool("with_cluster"):
            return None
        default = settings.namespace or "default"
        declared = {key for one in manifests if (key := Identity.of(one, default))}
        living = self._ask(resource, {key.namespace for key in declared} - {""})
        if living is None:
            return None
        return joined.findings(
            manifests,
            self._others(living, declared),
            now=datetime.now(UTC),
            settings=settings,
            only=only,
            names_taken=joined.taken(manifests, living.manifests, default),
            # A stack that was renamed has the manager of its former name; the API server tells the two apart.
            severity_of_taken=Severity.WARNING,
        )

    def _ask(self, resource: pulumi.Resource, namespaces: set[str]) -> Living | None:
        provider = id(providers.of(resource))
        if provider in self._living:
            return self._living[provider]
        access = providers.access(resource)
        if access is None:
            return None  # it becomes known while the program runs, or is never said
        try:
            living = self._living[provider] = asking.ask(access, namespaces)
        except asking.UnreachableError as error:
            self._living[provider] = None
            pulumi.warn(f"The cluster was not read, so nothing is held against what lives there: {error}.")
            return None
        not_read = [f"  not read: {one}" for one in living.unread]
        pulumi.info("\n".join([f"Held against what lives in the cluster at {living.server}.", *not_read]))
        return living

    def _others(self, living: Living, declared: set[Identity]) -> Others:
        own = field_manager(pulumi.get_project(), pulumi.get_stack())
        beside = joined.others(living, declared, joined.by_manager(own))
        count = beside.whose_unknown
        sentence = f"Not judged: {count} objects in {living.server} that do not say which stack is theirs."
        if count and sentence not in self._said:
            self._said.add(sentence)
            pulumi.info(sentence)
        return beside
