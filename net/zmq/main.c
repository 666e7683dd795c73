// SPDX-License-Identifier: GPL-2.0
/* Module init and exit: parts come up in order and go down in reverse. */
#include <linux/module.h>
#include "audit.h"
#include "conn.h"
#include "context.h"
#include "net.h"
#include "seg.h"
#include "view.h"

static int family = AF_ZMQ;
module_param(family, int, 0444);
MODULE_PARM_DESC(family, "Protocol family number (default 22, AF_SNA's)");

struct workqueue_struct *zmq_main_wq;
struct workqueue_struct *zmq_main_path_wq;

int zmq_main_family(void)
{
	return family;
}

static int __init zmq_main_init(void)
{
	int err;

	if (family <= 0 || family >= NPROTO)
		return -EINVAL;
	err = zmq_seg_init();
	if (err)
		return err;
	err = -ENOMEM;
	zmq_main_wq = alloc_workqueue("zmq", WQ_UNBOUND | WQ_HIGHPRI |
				      WQ_MEM_RECLAIM, 0);
	if (!zmq_main_wq)
		goto err_seg;
	zmq_main_path_wq = alloc_workqueue("zmq_path", WQ_UNBOUND |
					   WQ_MEM_RECLAIM, 0);
	if (!zmq_main_path_wq)
		goto err_wq;
	err = zmq_net_init();
	if (err)
		goto err_path_wq;
	err = proto_register(&zmq_af_proto, 1);
	if (err)
		goto err_net;
	err = zmq_context_init();
	if (err)
		goto err_proto;
	err = zmq_view_init();
	if (err)
		goto err_context;
	zmq_af_family.family = family;
	err = sock_register(&zmq_af_family);
	if (err)
		goto err_view;
	zmq_audit_init();
	return 0;

err_view:
	zmq_view_exit();
err_context:
	zmq_context_exit();
err_proto:
	proto_unregister(&zmq_af_proto);
err_net:
	zmq_net_exit();
err_path_wq:
	destroy_workqueue(zmq_main_path_wq);
err_wq:
	destroy_workqueue(zmq_main_wq);
err_seg:
	zmq_seg_exit();
	return err;
}

/*
 * No socket is left: each holds the module, lingering ones too.  What can
 * still run is the end of a free_work, RCU callbacks, and a unix callback
 * that another task entered before it was taken away and in which it was
 * preempted.
 */
static void __exit zmq_main_exit(void)
{
	sock_unregister(family);
	destroy_workqueue(zmq_main_path_wq);
	destroy_workqueue(zmq_main_wq);
	synchronize_rcu_tasks();
	rcu_barrier();
	zmq_view_exit();
	zmq_context_exit();
	proto_unregister(&zmq_af_proto);
	zmq_net_exit();
	zmq_tx_exit();
	zmq_seg_exit();
	zmq_audit_exit();
}

module_init(zmq_main_init);
module_exit(zmq_main_exit);
MODULE_DESCRIPTION("ZeroMQ message sockets");
MODULE_LICENSE("GPL");
MODULE_ALIAS_NETPROTO(PF_ZMQ);
