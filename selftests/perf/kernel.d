kernel: kernel.c ../../include/uapi/linux/zmq.h driver.h kernel.h
../../include/uapi/linux/zmq.h:
driver.h:
kernel.h:
