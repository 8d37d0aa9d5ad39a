#!/bin/sh
# Brings smtp-sink, a part of Debian's postfix, where it is missing. Postfix is left without configuration, so that no
# mail server starts.
set -eu
if [ -x /usr/sbin/smtp-sink ]; then exit 0; fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "smtp-sink is missing: the mail bench cannot run. Install your system's postfix (it need not be started)." >&2
    exit 0
fi
echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postfix >/dev/null
