/* Set and Get Features (NVMe 1.4, 5.13 and 5.21). No feature is saveable: the saved value is the default. */
#include "mem.h"
#include "nvme.h"
#include "nvme_spec.h"
#include "regs.h"

enum select { CURRENT = 0, DEFAULT = 1, SAVED = 2, CAPABILITIES = 3 };
enum { CAPABILITY_NAMESPACE = 1 << 1, CAPABILITY_CHANGEABLE = 1 << 2 };

static const struct nvme_feature_values defaults = {.write_cache = 1, .over_kelvin = NVME_WARNING_KELVIN};

void nvme_reset_features(struct nvme_controller* controller) {
  controller->features = defaults;
  controller->submission_queues = controller->completion_queues = controller->max_queues;
  memset(controller->not_coalesced, 0, sizeof controller->not_coalesced);
  NVME_PORT_WRITE(controller->port, NVME_WRITE_CACHE, FIELD_IN(NVME_WRITE_CACHE_ENABLE, 1));
}

static int supported(unsigned feature) {
  return feature == NVME_FEATURE_ARBITRATION || feature == NVME_FEATURE_POWER ||
         (feature >= NVME_FEATURE_TEMPERATURE && feature <= NVME_FEATURE_ASYNC_EVENTS);
}

static uint32_t queue_counts(unsigned submission, unsigned completion) { /* 0-based, as in dword 0 */
  return (submission - 1) | (completion - 1) << 16;
}

/* 5.21.1.4: the composite temperature's thresholds; there are no other sensors. NULL: no such threshold. */
static uint16_t* threshold(struct nvme_feature_values* values, uint32_t dw11, int setting) {
  unsigned sensor = dw11 >> 16 & 15, type = dw11 >> 20 & 3;
  if (sensor != 0 && !(setting && sensor == 15)) return 0;
  return type == 0 ? &values->over_kelvin : type == 1 ? &values->under_kelvin : 0;
}

static struct nvme_answer set_queues(struct nvme_controller* controller, uint32_t dw11) {
  unsigned submission = dw11 & 0xffff, completion = dw11 >> 16;
  if (submission == 0xffff || completion == 0xffff) return nvme_status(NVME_INVALID_FIELD);
  if (controller->queues_created) return nvme_status(NVME_COMMAND_SEQUENCE_ERROR);
  unsigned most = controller->max_queues;
  controller->submission_queues = (uint16_t)(submission < most ? submission + 1 : most);
  controller->completion_queues = (uint16_t)(completion < most ? completion + 1 : most);
  struct nvme_answer answer = nvme_status(NVME_SUCCESS);
  answer.dw0 = queue_counts(controller->submission_queues, controller->completion_queues);
  return answer;
}

/* 5.21.1.9 */
static uint16_t set_vector(struct nvme_controller* controller, uint32_t dw11) {
  unsigned vector = dw11 & 0xffff;
  if (vector >= controller->vectors) return NVME_INVALID_FIELD;
  uint8_t* byte = &controller->not_coalesced[vector / 8];
  uint8_t bit = (uint8_t)(1u << vector % 8);
  *byte = dw11 & 1u << 16 ? *byte | bit : *byte & (uint8_t)~bit;
  return NVME_SUCCESS;
}

static uint16_t set_temperature(struct nvme_controller* controller, uint32_t dw11) {
  uint16_t* kelvin = threshold(&controller->features, dw11, 1);
  if (!kelvin) return NVME_INVALID_FIELD;
  *kelvin = (uint16_t)dw11;
  return NVME_SUCCESS;
}

static uint16_t set_error_recovery(struct nvme_controller* controller, uint32_t dw11) {
  if (dw11 & 1u << 16) return NVME_INVALID_FIELD; /* DULBE: blocks are never deallocated (Identify NSFEAT) */
  controller->features.error_recovery = dw11 & 0xffff;
  return NVME_SUCCESS;
}

static uint16_t set_write_cache(struct nvme_controller* controller, uint32_t dw11) {
  controller->features.write_cache = dw11 & 1;
  NVME_PORT_WRITE(controller->port, NVME_WRITE_CACHE, FIELD_IN(NVME_WRITE_CACHE_ENABLE, dw11 & 1));
  return NVME_SUCCESS;
}

struct nvme_answer nvme_set_features(struct nvme_controller* controller, const struct nvme_command* command) {
  unsigned feature = command->dw10 & 0xff;
  uint32_t value = command->dw11;
  struct nvme_feature_values* values = &controller->features;
  if (!supported(feature)) return nvme_status(NVME_INVALID_FIELD);
  if (command->dw10 & 1u << 31) return nvme_status(NVME_FEATURE_NOT_SAVEABLE);
  if (feature == NVME_FEATURE_ERROR_RECOVERY) { /* the one that belongs to a namespace */
    if (command->nsid != 1 && command->nsid != NVME_ALL_NAMESPACES) return nvme_status(NVME_INVALID_NAMESPACE);
  } else if (command->nsid != 0 && command->nsid != NVME_ALL_NAMESPACES) {
    return nvme_status(command->nsid == 1 ? NVME_FEATURE_NOT_NAMESPACE_SPECIFIC : NVME_INVALID_NAMESPACE);
  }
  switch (feature) {
    case NVME_FEATURE_ARBITRATION: values->arbitration = value & 0xffffff07; break;
    case NVME_FEATURE_POWER:
      if (value & 0x1f) return nvme_status(NVME_INVALID_FIELD); /* Identify NPSS: there is state 0 only */
      values->power = value & 0xe0;                             /* the workload hint */
      break;
    case NVME_FEATURE_TEMPERATURE: return nvme_status(set_temperature(controller, value));
    case NVME_FEATURE_ERROR_RECOVERY: return nvme_status(set_error_recovery(controller, value));
    case NVME_FEATURE_WRITE_CACHE: return nvme_status(set_write_cache(controller, value));
    case NVME_FEATURE_QUEUES: return set_queues(controller, value);
    case NVME_FEATURE_COALESCING: values->coalescing = value & 0xffff; break;
    case NVME_FEATURE_VECTOR: return nvme_status(set_vector(controller, value));
    case NVME_FEATURE_ATOMICITY: values->atomicity = value & 1; break;
    case NVME_FEATURE_ASYNC_EVENTS: values->async_events = value & 0xff; break; /* health; Identify OAES has no more */
  }
  return nvme_status(NVME_SUCCESS);
}

struct nvme_answer nvme_get_features(struct nvme_controller* controller, const struct nvme_command* command) {
  unsigned feature = command->dw10 & 0xff, select = command->dw10 >> 8 & 7;
  if (!supported(feature) || select > CAPABILITIES) return nvme_status(NVME_INVALID_FIELD);
  int for_namespace = feature == NVME_FEATURE_ERROR_RECOVERY;
  struct nvme_answer answer = nvme_status(NVME_SUCCESS);
  if (select == CAPABILITIES) {
    answer.dw0 = CAPABILITY_CHANGEABLE | (for_namespace ? CAPABILITY_NAMESPACE : 0);
    return answer;
  }
  if (for_namespace ? command->nsid != 1 : command->nsid > 1 && command->nsid != NVME_ALL_NAMESPACES)
    return nvme_status(NVME_INVALID_NAMESPACE);

  int current = select == CURRENT;
  struct nvme_feature_values values = current ? controller->features : defaults;
  switch (feature) {
    case NVME_FEATURE_ARBITRATION: answer.dw0 = values.arbitration; break;
    case NVME_FEATURE_POWER: answer.dw0 = values.power; break;
    case NVME_FEATURE_TEMPERATURE: {
      uint16_t* kelvin = threshold(&values, command->dw11, 0);
      if (!kelvin) return nvme_status(NVME_INVALID_FIELD);
      answer.dw0 = *kelvin;
      break;
    }
    case NVME_FEATURE_ERROR_RECOVERY: answer.dw0 = values.error_recovery; break;
    case NVME_FEATURE_WRITE_CACHE: answer.dw0 = values.write_cache; break;
    case NVME_FEATURE_QUEUES:
      answer.dw0 = current ? queue_counts(controller->submission_queues, controller->completion_queues)
                           : queue_counts(controller->max_queues, controller->max_queues);
      break;
    case NVME_FEATURE_COALESCING: answer.dw0 = values.coalescing; break;
    case NVME_FEATURE_VECTOR: {
      unsigned vector = command->dw11 & 0xffff;
      if (vector >= controller->vectors) return nvme_status(NVME_INVALID_FIELD);
      unsigned off = current ? controller->not_coalesced[vector / 8] >> vector % 8 & 1u : 0;
      answer.dw0 = vector | off << 16;
      break;
    }
    case NVME_FEATURE_ATOMICITY: answer.dw0 = values.atomicity; break;
    case NVME_FEATURE_ASYNC_EVENTS: answer.dw0 = values.async_events; break;
  }
  return answer;
}
