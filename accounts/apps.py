"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Companies, their people, and what these may do."""

    name = "accounts"

    def ready(self) -> None:
        """Declare the rights table and listen for sign-ins."""
        from accounts import frame, receivers, rights  # noqa: F401  # importing them is the declaration
        from accounts.colleagues import sessions, words  # noqa: F401  # as above
        from accounts.loading import work as loading_work  # noqa: F401  # as above
        from accounts.notices import work as notices_work  # noqa: F401  # as above
        from accounts.onboarding import gate  # noqa: F401  # as above
        from accounts.onboarding import work as onboarding_work  # noqa: F401  # as above
        from accounts.safety import required, work  # noqa: F401  # as above
        from accounts.settings import declared, handover, multipass  # noqa: F401  # as above
