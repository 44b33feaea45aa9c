# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The network cards of "vm --nic": two of each model, wired to each other. Sourced,
# after lib.sh and lab_find_qemu.

# As many as there are places for their ports
nics_max=7

# The models that QEMU has for a PCI bus, with their other names. A rocker is a
# switch.
nics_known() {
	# shellcheck disable=SC2154 # by lab_find_qemu
	"${lab_qemu[@]}" -device help | sed -n '/^Network devices:/,/^$/p' |
		sed -nE '/"rocker"/d
			s/^name "([^"]*)", bus PCI(, alias "([^"]*)")?.*/\1 \3/p' |
		xargs -n 1
}

# nics_check MODEL...: complains and fails if QEMU does not know one of them.
nics_check() {
	local known model

	known=$(nics_known)
	for model; do
		grep -qxF -- "$model" <<<"$known" && continue
		lab_say "--nic: QEMU has no network card '$model', but these:"
		tr '\n' ' ' <<<"$known" | fold -s -w 74 | sed 's/^/  /' >&2
		echo >&2
		return 1
	done
	[ $# -le $nics_max ] || {
		lab_say "--nic: at most $nics_max models"
		return 1
	}
}

# Only these cards can use a backend of several queues, and tap devices are one.
nics_has_queues() {
	case $1 in
	virtio-net*) [ -c /dev/net/tun ] ;;
	*) false ;;
	esac
}

# nics_arguments QUEUES MODEL...: sets nics_qemu to the arguments for QEMU, and
# nics_taps to the numbers of the pairs that need tap devices. Each card has a port
# of its own, as in real machines; guest-init finds it by the place of that.
nics_arguments() {
	local queues=$1 model pair=0 port nr hex backend options

	shift
	nics_qemu=()
	nics_taps=()
	for model; do
		backend=hubport,hubid=$pair
		options=
		if nics_has_queues "$model"; then
			nics_taps+=("$pair")
			options=,mq=on,vectors=$((2 * queues + 2))
		fi
		for port in 0 1; do
			nr=$((2 * pair + port))
			printf -v hex %x $((nr + 1))
			[ -z "$options" ] ||
				backend=tap,ifname=nic$nr,queues=$queues,script=no,downscript=no
			nics_qemu+=(
				-netdev "$backend,id=nic$nr"
				-device "pcie-root-port,id=port$nr,chassis=$nr,addr=$hex"
				-device "$model,bus=port$nr,netdev=nic$nr$options,romfile=,mac=52:54:00:00:00:0$hex"
			)
		done
		pair=$((pair + 1))
	done
}
