#!/bin/sh
# Sees that the named programs are there: `need.sh python node gettext chromium java`.
# As root on Debian it installs what is missing; elsewhere it names it, one sentence each, and stops.
set -eu

python=${PYTHON:-python3}
packages=""
missing=0

lacks() { # what it is for, the Debian packages, a sentence
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
		packages="$packages $1"
	else
		echo "$2" >&2
		missing=1
	fi
}

has_python() {
	"$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

has_node() {
	command -v npm >/dev/null 2>&1 && node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 18 ? 1 : 0)' 2>/dev/null
}

has_chromium() {
	if [ -n "${CHROMIUM:-}" ]; then
		command -v "$CHROMIUM" >/dev/null 2>&1
	else
		command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
			command -v google-chrome >/dev/null 2>&1
	fi
}

has_pango() {
	"${PYTHON:-python3}" -c 'import sys
from ctypes.util import find_library
sys.exit(not all(map(find_library, ("pango-1.0", "pangoft2-1.0"))))' 2>/dev/null
}

check() {
	case $1 in
	python)
		has_python || lacks "python3 python3-venv" \
			"Python 3.11 or newer with its venv module is needed (Debian: python3-venv); PYTHON=… names another one."
		;;
	node) has_node || lacks "nodejs npm" "Node.js 18 or newer with npm is needed (https://nodejs.org)." ;;
	gettext)
		command -v msgfmt >/dev/null 2>&1 || lacks "gettext" "The program msgfmt is needed (package gettext)."
		;;
	pango)
		# What draws the letters of manage.py print_code_letters.
		has_pango || lacks "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core" \
			"Pango is needed (Debian: libpango-1.0-0, libpangoft2-1.0-0, libharfbuzz-subset0)."
		;;
	chromium)
		has_chromium || lacks "chromium fonts-dejavu-core" \
			"The browser tests need Chromium (package chromium); CHROMIUM=… names the program elsewhere."
		;;
	java)
		command -v java >/dev/null 2>&1 || lacks "default-jre-headless" \
			"The HTML checker needs Java 11 or newer (Debian: default-jre-headless)."
		;;
	*)
		echo "need.sh knows no $1." >&2
		exit 2
		;;
	esac
}

for name in "$@"; do
	check "$name"
done
[ "$missing" = 0 ] || exit 1
if [ -n "$packages" ]; then
	echo "Installing:$packages"
	apt-get update -qq
	# shellcheck disable=SC2086  # the packages are words
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
	packages=""
	for name in "$@"; do # what Debian has may be too old
		check "$name"
	done
	if [ -n "$packages" ]; then
		echo "After installing, this is still missing or too old:$packages" >&2
		exit 1
	fi
fi
