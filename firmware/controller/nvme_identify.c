/* Identify (NVMe 1.4, 5.15). Bytes that are not named stay 0: not supported, or not reported. */
#include "mem.h"
#include "nvme.h"
#include "nvme_spec.h"
#include "regs.h"

/* The organisation in EUI-64 and NGUID, and Identify's IEEE field: the one that owns the PCI vendor id. */
static const uint8_t oui[3] = {0xa0, 0x02, 0xdc};

static struct nvme_answer page_answer(const uint8_t* page) {
  struct nvme_answer answer = {NVME_SUCCESS, 0, page, NVME_PAGE_BYTES};
  return answer;
}

/* 64-bit FNV-1a over the volume's name: the same volume has the same identifiers wherever it is attached. */
static uint64_t name_hash(const struct nvme_identity* identity, uint8_t purpose) {
  uint64_t hash = (UINT64_C(0xcbf29ce484222325) ^ purpose) * UINT64_C(0x100000001b3);
  for (unsigned i = 0; i < sizeof identity->serial; i++)
    hash = (hash ^ (uint8_t)identity->serial[i]) * UINT64_C(0x100000001b3);
  for (unsigned i = 0; i < sizeof identity->model; i++)
    hash = (hash ^ (uint8_t)identity->model[i]) * UINT64_C(0x100000001b3);
  return hash;
}

static void put_big_endian(uint8_t* to, uint64_t value, unsigned bytes) {
  while (bytes--) {
    to[bytes] = (uint8_t)value;
    value >>= 8;
  }
}

static void put_eui64(uint8_t* to, const struct nvme_identity* identity) {
  memcpy(to, oui, sizeof oui);
  put_big_endian(to + 3, name_hash(identity, 1), 5);
}

static void put_nguid(uint8_t* to, const struct nvme_identity* identity) {
  put_big_endian(to, name_hash(identity, 2), 8); /* vendor specific extension, then as EUI-64 */
  put_eui64(to + 8, identity);
}

static void put_uuid(uint8_t* to, const struct nvme_identity* identity) {
  put_big_endian(to, name_hash(identity, 3), 8);
  put_big_endian(to + 8, name_hash(identity, 4), 8);
  to[6] = (to[6] & 0x0f) | 0x80; /* RFC 9562: version 8, "custom" */
  to[8] = (to[8] & 0x3f) | 0x80; /* its variant */
}

static void put_qualified_name(uint8_t* to, const struct nvme_identity* identity) { /* 7.9 */
  static const char prefix[] = "nqn.2014-08.org.nvmexpress:uuid:";
  static const char digits[] = "0123456789abcdef";
  uint8_t uuid[16];
  put_uuid(uuid, identity);
  memcpy(to, prefix, sizeof prefix - 1);
  to += sizeof prefix - 1;
  for (unsigned i = 0; i < sizeof uuid; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *to++ = '-';
    *to++ = (uint8_t)digits[uuid[i] >> 4];
    *to++ = (uint8_t)digits[uuid[i] & 15];
  }
}

static struct nvme_answer identify_controller(struct nvme_controller* controller) { /* Figure 247 */
  const struct nvme_identity* identity = &controller->identity;
  uint8_t* page = nvme_data_page();
  put16(page + 0, identity->pci_vendor); /* VID */
  put16(page + 2, identity->pci_vendor); /* SSVID */
  memcpy(page + 4, identity->serial, sizeof identity->serial);
  memcpy(page + 24, identity->model, sizeof identity->model);
  memcpy(page + 64, identity->firmware, sizeof identity->firmware);
  for (unsigned i = 0; i < sizeof oui; i++) page[73 + i] = oui[sizeof oui - 1 - i]; /* IEEE, lowest byte first */
  page[77] = controller->transfer_limit;                                            /* MDTS */
  put16(page + 78, identity->controller_id);                                        /* CNTLID */
  put32(page + 80, 0x00010400);                                                     /* VER: 1.4 */
  page[111] = 1;                                                                    /* CNTRLTYPE: I/O controller */
  put16(page + 256, 1 << 2);                                                        /* OACS: firmware update */
  page[258] = NVME_ABORTS - 1;                                                      /* ACL */
  page[259] = NVME_ASYNC_EVENTS - 1;                                                /* AERL */
  page[260] = 1 << 4 | FLASH_SLOTS << 1;                                            /* FRMW: activates without reset */
  page[261] = 0x06;                                         /* LPA: commands-supported log, offsets and long lengths */
  page[264] = 1;                                            /* AVSCC: vendor commands as in Figure 105 */
  put16(page + 266, NVME_WARNING_KELVIN);                   /* WCTEMP */
  put16(page + 268, NVME_CRITICAL_KELVIN);                  /* CCTEMP */
  put16(page + 270, 1);                                     /* MTFA: 100 ms */
  page[319] = 0xff;                                         /* FWUG: pieces of any size */
  page[512] = NVME_SQ_ENTRY_LOG2 << 4 | NVME_SQ_ENTRY_LOG2; /* SQES: 64 bytes */
  page[513] = NVME_CQ_ENTRY_LOG2 << 4 | NVME_CQ_ENTRY_LOG2; /* CQES: 16 bytes */
  put32(page + 516, 1);                                     /* NN */
  put16(page + 520, 1 << 4);                                /* ONCS: Save and Select fields of Set and Get Features */
  page[525] = 0x07;                                         /* VWC: present; Flush may be for all namespaces */
  put_qualified_name(page + 768, identity);                 /* SUBNQN */
  memcpy(page + 3072, identity->device_name, sizeof identity->device_name);
  return page_answer(page);
}

static struct nvme_answer identify_namespace(struct nvme_controller* controller) { /* Figure 245 */
  const struct nvme_port* port = controller->port;
  uint8_t* page = nvme_data_page();
  uint64_t blocks = NVME_PORT_READ(port, NVME_CAPACITY);
  uint64_t format = NVME_PORT_READ(port, NVME_FORMAT);
  put64(page + 0, blocks);                                 /* NSZE */
  put64(page + 8, blocks);                                 /* NCAP */
  put64(page + 16, blocks);                                /* NUSE */
  page[99] = FIELD_OF(NVME_FORMAT_READ_ONLY, format) != 0; /* NSATTR: write protected */
  put_nguid(page + 104, &controller->identity);
  put_eui64(page + 120, &controller->identity);
  page[130] = (uint8_t)FIELD_OF(NVME_FORMAT_BLOCK_SHIFT, format); /* LBAF0: LBADS; no metadata */
  return page_answer(page);
}

static struct nvme_answer identify_descriptors(struct nvme_controller* controller) { /* Figure 249 */
  enum { EUI64 = 1, NGUID = 2, UUID = 3, HEADER = 4 };
  uint8_t *page = nvme_data_page(), *at = page;
  at[0] = EUI64;
  at[1] = 8;
  put_eui64(at + HEADER, &controller->identity);
  at += HEADER + 8;
  at[0] = NGUID;
  at[1] = 16;
  put_nguid(at + HEADER, &controller->identity);
  at += HEADER + 16;
  at[0] = UUID;
  at[1] = 16;
  put_uuid(at + HEADER, &controller->identity);
  return page_answer(page);
}

static struct nvme_answer identify_namespace_list(uint32_t after) { /* 5.15.2.3 */
  uint8_t* page = nvme_data_page();
  if (after < 1) put32(page, 1);
  return page_answer(page);
}

struct nvme_answer nvme_identify(struct nvme_controller* controller, const struct nvme_command* command) {
  enum { NAMESPACE = 0x00, CONTROLLER = 0x01, NAMESPACE_LIST = 0x02, DESCRIPTORS = 0x03 };
  switch (command->dw10 & 0xff) {
    case NAMESPACE: return command->nsid == 1 ? identify_namespace(controller) : nvme_status(NVME_INVALID_NAMESPACE);
    case CONTROLLER: return identify_controller(controller);
    case NAMESPACE_LIST:
      return command->nsid < 0xfffffffe ? identify_namespace_list(command->nsid) : nvme_status(NVME_INVALID_NAMESPACE);
    case DESCRIPTORS:
      return command->nsid == 1 ? identify_descriptors(controller) : nvme_status(NVME_INVALID_NAMESPACE);
    default: return nvme_status(NVME_INVALID_FIELD);
  }
}
