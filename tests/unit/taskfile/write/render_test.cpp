#include "taskfile/write/render.hpp"

#include <gtest/gtest.h>

#include "tests/unit/taskfile/planned.hpp"

namespace ts::taskfile {
namespace {

using namespace planned;

TEST(Plan, EchoOfTheEstimateStays) {
  EXPECT_EQ(fields_of(written("# T\n\n- **Actual Tokens**: ~XK (Est: 25K)\n", actual_of("a", 245'134))), "# T\n\n- **Actual Tokens**: 245,134 (Est: 25K)\n\n");
  EXPECT_EQ(fields_of(written("# T\n\n- **Actual Tokens**: Est: ~25K\n", actual_of("a", 245'134))), "# T\n\n- **Actual Tokens**: 245,134 Est: ~25K\n\n");
  EXPECT_EQ(fields_of(written("# T\n\n- **Actual Tokens**: X <!-- from the hook -->\n", actual_of("a", 7))), "# T\n\n- **Actual Tokens**: 7 <!-- from the hook -->\n\n");
  EXPECT_EQ(fields_of(written("# T\n\n- **Actual Tokens**: Combined with others\n", actual_of("a", 7))), "# T\n\n- **Actual Tokens**: 7 \u00b7 Combined with others\n\n");
}

TEST(Plan, UnknownPartsStayPlaceholders) {
  Actual actual = actual_of("a", 7);
  actual.api_calls.reset();
  actual.duration.reset();
  const std::string after = fields_of(written(kTask, actual));
  EXPECT_NE(after.find("| API Calls | X |"), std::string::npos);
  EXPECT_NE(after.find("| Duration | X seconds |"), std::string::npos);
}

TEST(Plan, ZeroEstimateMakesNoVarianceAndNoIncident) {
  const EditPlan plan = plan_of("# T\n\n**Estimated Tokens:** 0\n**Actual Tokens:** X\n**Variance:** X%\n", actual_of("a", 7));
  EXPECT_FALSE(plan.incident);
  EXPECT_EQ(plan.lines, (std::vector<int>{4}));
}

}  // namespace
}  // namespace ts::taskfile
