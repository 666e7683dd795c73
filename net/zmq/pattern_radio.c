// SPDX-License-Identifier: GPL-2.0
/*
 * RADIO and DISH (48/RADIO-DISH): messages to groups.
 *
 * A message is of one group and has one part.  On its way it has two: the
 * group, then the body; so it is queued, and only sendmsg(2) and recvmsg(2)
 * know the group as ancillary data.
 */
#include "dist.h"
#include "net.h"
#include "rx.h"
#include "sub.h"

static int zmq_radio_init(struct zmq_sock *zsk)
{
	zmq_trie_init(&zsk->pub.trie, false);
	INIT_LIST_HEAD(&zsk->pub.all);
	return 0;
}

static void zmq_radio_fini(struct zmq_sock *zsk)
{
	zmq_trie_destroy(&zsk->pub.trie);
}

/* Without a group it is the one with the empty name. */
static int zmq_radio_send_begin(struct zmq_sock *zsk, struct iov_iter *from,
				size_t len, bool more)
{
	const struct zmq_cmsg *cmsg = zsk->asm_msg.cmsg;

	return zmq_send_append(zsk, &zsk->asm_msg, cmsg->group,
			       cmsg->group_len, true);
}

static int zmq_radio_send(struct zmq_sock *zsk, struct zmq_asm *msg)
{
	struct zmq_dist d = {
		.zsk	= zsk,
		.msg	= msg,
		.exact	= true,
		.nodrop	= zsk->pub.nodrop,
	};
	u8 group[ZMQ_CMSG_GROUP_MAX];
	struct zmq_pipe *pipe;

	zmq_segq_peek(&msg->q, ZMQ_ZMTP_HDR_SHORT, msg->first, group);
	if (d.nodrop && zmq_dist_full(&d, group, msg->first))
		return -EAGAIN;
	zmq_dist_send(&d, group, msg->first);
	/* Nobody subscribes by UDP: it gets everything, and never blocks. */
	list_for_each_entry(pipe, &zsk->pub.all, all_node)
		zmq_dist_deliver(pipe, msg, false);
	return msg->peers;
}

static bool zmq_radio_can_send(struct zmq_sock *zsk)
{
	return true;
}

static int zmq_radio_subscribe(struct zmq_sock *zsk, struct zmq_pipe *pipe,
			       const u8 *group, size_t len, bool on)
{
	int ret;

	if (len > ZMQ_CMSG_GROUP_MAX)
		return -EPROTO;
	ret = zmq_dist_subscribe(zsk, &zsk->pub.trie, &pipe->subs, group, len,
				 on);
	/* To leave what one has not joined is no error. */
	return ret == -ENOENT ? 0 : min(ret, 0);
}

static void zmq_radio_attach(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	if (pipe->udp)
		list_add_tail(&pipe->all_node, &zsk->pub.all);
}

static void zmq_radio_detach(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	list_del_init(&pipe->all_node);
	zmq_trie_remove_sub(&zsk->pub.trie, &pipe->subs, false, NULL, NULL);
}

static int zmq_radio_setsockopt(struct zmq_sock *zsk, int opt, const u8 *val,
				size_t len)
{
	int on;

	if (opt != ZMQ_OPT_XPUB_NODROP)
		return -ENOPROTOOPT;
	on = zmq_type_switch(val, len);
	if (on < 0)
		return on;
	zsk->pub.nodrop = on;
	return 0;
}

const struct zmq_type zmq_pattern_radio = {
	.id		= ZMQ_AF_RADIO,
	.name		= "RADIO",
	.sends		= true,
	.publishes	= true,
	.udp_connect	= true,
	.single_part	= true,
	.grouped	= true,
	.cmsg		= ZMQ_CMSG_GROUP,
	.init		= zmq_radio_init,
	.fini		= zmq_radio_fini,
	.send_begin	= zmq_radio_send_begin,
	.send		= zmq_radio_send,
	.can_send	= zmq_radio_can_send,
	.subscribe	= zmq_radio_subscribe,
	.attach		= zmq_radio_attach,
	.detach		= zmq_radio_detach,
	.setsockopt	= zmq_radio_setsockopt,
};

static int zmq_dish_init(struct zmq_sock *zsk)
{
	zmq_trie_init(&zsk->sub.trie, true);
	zsk->opt.linger = 0;
	return 0;
}

static void zmq_dish_fini(struct zmq_sock *zsk)
{
	zmq_trie_destroy(&zsk->sub.trie);
}

static int zmq_dish_ready(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	return zmq_pipe_subscribe_all(pipe);
}

/* Join or leave; each is done once. */
static int zmq_dish_change(struct zmq_sock *zsk, const u8 *group, size_t len,
			   bool on)
{
	const struct zmq_net *znet = zmq_net(sock_net(&zsk->sk));
	struct zmq_trie *trie = &zsk->sub.trie;
	int ret;

	if (len > ZMQ_CMSG_GROUP_MAX || zmq_trie_has(trie, group, len) == on)
		return -EINVAL;
	if (on && (trie->topics >= READ_ONCE(znet->topics_max) ||
		   trie->bytes >= READ_ONCE(znet->topic_mem)))
		return -ENOMEM;
	spin_lock_bh(&zsk->rx_lock);
	if (on)
		ret = zmq_trie_add(trie, group, len, &zsk->sub.owner,
				   GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);
	else
		ret = zmq_trie_remove(trie, group, len, &zsk->sub.owner);
	if (!on)
		zmq_sub_recheck(zsk);
	spin_unlock_bh(&zsk->rx_lock);
	return ret < 0 ? ret : zmq_sub_announce(zsk, group, len, on);
}

static int zmq_dish_setsockopt(struct zmq_sock *zsk, int opt, const u8 *val,
			       size_t len)
{
	if (opt != ZMQ_AF_JOIN && opt != ZMQ_AF_LEAVE)
		return -ENOPROTOOPT;
	return zmq_dish_change(zsk, val, len, opt == ZMQ_AF_JOIN);
}

/* What a RADIO sends beyond the groups that were joined is dropped. */
static int zmq_dish_accept(struct zmq_sock *zsk, struct zmq_rx *rx)
{
	const u8 *group;
	size_t len;
	bool joined;
	u8 *tmp;

	if (rx->first_len > ZMQ_CMSG_GROUP_MAX)
		return 0;
	if (!zmq_rx_first_part(rx, ZMQ_CMSG_GROUP_MAX, &group, &len, &tmp))
		return -ENOMEM;
	spin_lock_bh(&zsk->rx_lock);
	joined = zmq_trie_has(&zsk->sub.trie, group, len);
	spin_unlock_bh(&zsk->rx_lock);
	kfree(tmp);
	return joined;
}

/* What came before a group was left is not received any more. */
static int zmq_dish_recv_begin(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	u8 group[ZMQ_CMSG_GROUP_MAX];
	struct zmq_zmtp_hdr hdr;

	if (!pipe->recheck)
		return 0;
	pipe->recheck--;
	zmq_segq_header(&pipe->rxq, &hdr);
	zmq_segq_peek(&pipe->rxq, hdr.size, hdr.len, group);
	if (zmq_trie_has(&zsk->sub.trie, group, hdr.len))
		return 0;
	zmq_recv_skip(zsk, pipe);
	return -EAGAIN;
}

const struct zmq_type zmq_pattern_dish = {
	.id		= ZMQ_AF_DISH,
	.name		= "DISH",
	.receives	= true,
	.subscribes	= true,
	.udp_bind	= true,
	.no_linger	= true,
	.single_part	= true,
	.grouped	= true,
	.cmsg		= ZMQ_CMSG_GROUP,
	.init		= zmq_dish_init,
	.fini		= zmq_dish_fini,
	.ready		= zmq_dish_ready,
	.setsockopt	= zmq_dish_setsockopt,
	.rechecks	= true,
	.recv_begin	= zmq_dish_recv_begin,
	.rx_accept	= zmq_dish_accept,
};
