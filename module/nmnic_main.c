// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * nmnic, a software NIC that receives TCP payload into a dma-buf.
 *
 * Read this first. Loading creates a board of back-to-back ports (nmhw.h, the
 * device model) whose platform devices this driver then probes one by one, as
 * it would those of real hardware. One port is one network device.
 */
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#include "nmnic.h"

static unsigned int pairs = 1;
module_param(pairs, uint, 0444);
MODULE_PARM_DESC(pairs, "pairs of ports wired back to back, 1 to 16 (default 1)");

static unsigned int queues = 4;
module_param(queues, uint, 0444);
MODULE_PARM_DESC(queues, "queue pairs per port, 1 to 16 (default 4)");

static unsigned int ring_size = 512;
module_param(ring_size, uint, 0444);
MODULE_PARM_DESC(ring_size, "entries per ring, a power of two from 64 to 8192 (default 512)");

static bool dma_sync;
module_param(dma_sync, bool, 0444);
MODULE_PARM_DESC(dma_sync,
		 "DMA has to be synced, as that of a device that is not coherent (default N)");

/* The bus hides probe errors: keep the last one and count successes. Read when all
 * devices have been added.
 */
static unsigned int num_probed;
static int probe_err;

static int params_check(void)
{
	if (!pairs || pairs > NMHW_MAX_PAIRS) {
		pr_err("pairs=%u is out of range, must be 1 to %u\n", pairs, NMHW_MAX_PAIRS);
		return -EINVAL;
	}
	if (!queues || queues > NMHW_MAX_QUEUES) {
		pr_err("queues=%u is out of range, must be 1 to %u\n", queues, NMHW_MAX_QUEUES);
		return -EINVAL;
	}
	if (!is_power_of_2(ring_size) || ring_size < NMHW_MIN_RING || ring_size > NMHW_MAX_RING) {
		pr_err("ring_size=%u is no power of two from %u to %u\n", ring_size,
		       NMHW_MIN_RING, NMHW_MAX_RING);
		return -EINVAL;
	}
	return 0;
}

static int port_probe(struct platform_device *pdev)
{
	struct nmhw_port *hw = nmhw_port_get(&pdev->dev);
	struct net_device *netdev;

	if (!hw)
		return -ENODEV;
	netdev = nmnic_netdev_create(&pdev->dev, hw, ring_size);
	if (IS_ERR(netdev)) {
		probe_err = PTR_ERR(netdev);
		return dev_err_probe(&pdev->dev, probe_err, "no network device for port %u\n",
				     nmhw_port_index(hw));
	}
	platform_set_drvdata(pdev, netdev);
	num_probed++;
	return 0;
}

static void port_remove(struct platform_device *pdev)
{
	nmnic_netdev_destroy(platform_get_drvdata(pdev));
}

static struct platform_driver port_driver = {
	.probe	= port_probe,
	.remove	= port_remove,
	.driver	= {
		.name		= NMNIC_NAME,
		.probe_type	= PROBE_FORCE_SYNCHRONOUS,
	},
};

static int port_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *netdev = netdev_notifier_info_to_dev(ptr);

	/* A move to another namespace can bring a name, too. */
	if (nmnic_netdev_is_ours(netdev) &&
	    (event == NETDEV_CHANGENAME || event == NETDEV_REGISTER))
		nmnic_fault_panel_rename(netdev_priv(netdev));
	return NOTIFY_DONE;
}

static struct notifier_block port_notifier = {
	.notifier_call	= port_event,
};

static int __init nmnic_init(void)
{
	int err;

	err = params_check();
	if (err)
		return err;

	nmnic_fault_init();
	nmnic_gate_init();
	err = register_netdevice_notifier(&port_notifier);
	if (err)
		goto err_exit_fault;
	err = platform_driver_register(&port_driver);
	if (err)
		goto err_unregister_notifier;
	err = nmhw_board_create(pairs, queues, dma_sync);
	if (err)
		goto err_unregister_driver;
	if (num_probed < 2 * pairs) {
		err = probe_err ?: -ENODEV;
		goto err_destroy_board;
	}
	return 0;

err_destroy_board:
	nmhw_board_destroy();
err_unregister_driver:
	platform_driver_unregister(&port_driver);
err_unregister_notifier:
	unregister_netdevice_notifier(&port_notifier);
err_exit_fault:
	nmnic_fault_exit();
	return err;
}

static void __exit nmnic_exit(void)
{
	nmhw_board_destroy();
	platform_driver_unregister(&port_driver);
	unregister_netdevice_notifier(&port_notifier);
	nmnic_fault_exit();
}

module_init(nmnic_init);
module_exit(nmnic_exit);

MODULE_DESCRIPTION("Software NIC with devmem TCP, a model netmem driver");
MODULE_AUTHOR("netmem-audit authors");
MODULE_LICENSE("GPL");
