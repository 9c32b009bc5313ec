// hnswlib (Malkov and Yashunin's own implementation) behind `arbalest bench ann`; see driver.hpp.
#include <hnswlib/hnswlib.h>

#include "driver.hpp"

namespace {

class Hnswlib : public driver::System {
   public:
    Hnswlib(const driver::Options& options, const driver::Vectors& base)
        : options_(options), base_(base), unit_(options.metric() == driver::Metric::cosine) {
        if (options.metric() == driver::Metric::l2) {
            space_ = std::make_unique<hnswlib::L2Space>(base.dimension());
        } else {
            space_ = std::make_unique<hnswlib::InnerProductSpace>(base.dimension());
        }
    }

    void build() override {
        index_ = std::make_unique<hnswlib::HierarchicalNSW<float>>(space_.get(), base_.rows(), options_.number("m"),
                                                                   options_.number("ef-construction"));
        int threads = options_.number("threads");
        std::vector<std::vector<float>> rows(threads, std::vector<float>(base_.dimension()));
        add(rows[0], 0);  // the first point becomes the entry; it must not race
        driver::parallel(threads, base_.rows() - 1, [&](int thread, size_t i) { add(rows[thread], i + 1); });
    }

    void save(const std::string& path) override { index_->saveIndex(path + "/index.hnswlib"); }

    void load(const std::string& path) override {
        index_ = std::make_unique<hnswlib::HierarchicalNSW<float>>(space_.get(), path + "/index.hnswlib");
    }

    int64_t bytes() const override {
        int64_t bytes = static_cast<int64_t>(index_->max_elements_) * (index_->size_data_per_element_ + sizeof(void*));
        for (size_t i = 0; i < index_->cur_element_count; i++) {
            bytes += static_cast<int64_t>(index_->element_levels_[i]) * index_->size_links_per_element_;
        }
        return bytes;
    }

    void set_ef(int ef) override { index_->setEf(ef); }

    void search(int, const float* query, int k, int32_t* found) override {
        auto results = index_->searchKnn(query, k);
        for (size_t i = results.size(); i-- > 0; results.pop()) {
            found[i] = static_cast<int32_t>(results.top().second);
        }
    }

   private:
    void add(std::vector<float>& row, size_t i) {
        base_.read(i, unit_, row.data());
        index_->addPoint(row.data(), i);
    }

    const driver::Options& options_;
    const driver::Vectors& base_;
    const bool unit_;
    std::unique_ptr<hnswlib::SpaceInterface<float>> space_;
    std::unique_ptr<hnswlib::HierarchicalNSW<float>> index_;
};

}  // namespace

int main(int count, char** arguments) {
    return driver::run(count, arguments, [](const driver::Options& options, const driver::Vectors& base) {
        return std::make_unique<Hnswlib>(options, base);
    });
}
